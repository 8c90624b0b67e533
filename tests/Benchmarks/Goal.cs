using System.Globalization;

namespace CtrPS.Benchmarks;

/// <summary>What is to be reached, and whether it was.</summary>
/// <param name="Words">As the table shows it.</param>
/// <param name="IsMet">Of a row's reference and our figure.</param>
internal sealed record Goal(string Words, Func<double?, double, bool> IsMet)
{
    /// <summary>So many times faster than the reference.</summary>
    public static Goal Faster(double times) => new(
        string.Create(CultureInfo.InvariantCulture, $"{times:0.##}x"), (reference, ours) => reference / ours >= times);

    /// <summary>At most so many times as long as the reference.</summary>
    public static Goal AtMost(double times) => new(
        string.Create(CultureInfo.InvariantCulture, $"at most {times:0.##} times as long"), (reference, ours) => ours <= reference * times);

    /// <summary>Less than a figure, whatever the reference.</summary>
    public static Goal Under(double figure, string unit) => new(
        string.Create(CultureInfo.InvariantCulture, $"{figure:0} {unit}"), (_, ours) => ours < figure);
}
