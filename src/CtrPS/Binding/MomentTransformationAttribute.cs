using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="DateTimeOffset"/> take how long ago, too: a <see cref="TimeSpan"/>, or a text such as <c>90s</c>,
/// <c>10m</c>, <c>1h30m</c> or <c>2d</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class MomentTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        null => null,
        PSObject wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        DateTimeOffset time => time,
        DateTime time => new DateTimeOffset(time),
        TimeSpan ago => DateTimeOffset.Now - ago,
        string text => Read(text),
        _ => throw Invalid(inputData.ToString() ?? ""), // a number has no unit
    };

    private static DateTimeOffset Read(string text)
    {
        if (Duration().Match(text) is { Success: true } match && text.Length > 0)
        {
            TimeSpan ago = TimeSpan.Zero;
            foreach ((string unit, double seconds) in new[] { ("d", 86400d), ("h", 3600d), ("m", 60d), ("s", 1d) })
            {
                if (match.Groups[unit] is { Success: true } number)
                {
                    ago += TimeSpan.FromSeconds(double.Parse(number.Value, CultureInfo.InvariantCulture) * seconds);
                }
            }

            return DateTimeOffset.Now - ago;
        }

        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span))
        {
            return DateTimeOffset.Now - span;
        }

        bool isNumber = double.TryParse(text, CultureInfo.InvariantCulture, out _);
        return !isNumber && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time)
            ? time
            : throw Invalid(text);
    }

    private static ArgumentTransformationMetadataException Invalid(string text) =>
        new($"'{text}' is neither a time nor how long ago. Give a date, a TimeSpan, or a text such as 90s, 10m, 1h30m or 2d.");

    [GeneratedRegex(
        @"^(?:(?<d>\d{1,6}(?:\.\d+)?)d)?(?:(?<h>\d{1,6}(?:\.\d+)?)h)?(?:(?<m>\d{1,6}(?:\.\d+)?)m)?(?:(?<s>\d{1,9}(?:\.\d+)?)s)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Duration();
}
