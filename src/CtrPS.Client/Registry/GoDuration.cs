using System.Globalization;
using System.Text.RegularExpressions;

namespace CtrPS.Client.Registry;

/// <summary>Durations as Go writes them (time.ParseDuration): <c>300ms</c>, <c>1.5h</c>, <c>2h45m</c>, <c>0</c>.</summary>
internal static partial class GoDuration
{
    /// <summary>Ticks of a unit.</summary>
    private static readonly Dictionary<string, decimal> Units = new()
    {
        ["ns"] = 0.01m,
        ["us"] = TimeSpan.TicksPerMicrosecond,
        ["µs"] = TimeSpan.TicksPerMicrosecond, // U+00B5
        ["μs"] = TimeSpan.TicksPerMicrosecond, // U+03BC
        ["ms"] = TimeSpan.TicksPerMillisecond,
        ["s"] = TimeSpan.TicksPerSecond,
        ["m"] = TimeSpan.TicksPerMinute,
        ["h"] = TimeSpan.TicksPerHour,
    };

    /// <summary>Reads one. Null: it is none, or longer than Go can count (292 years).</summary>
    public static TimeSpan? TryParse(string text)
    {
        if (Pattern().Match(text) is not { Success: true } match)
        {
            return null;
        }

        decimal ticks = 0;
        CaptureCollection numbers = match.Groups["number"].Captures;
        CaptureCollection units = match.Groups["unit"].Captures;
        for (int i = 0; i < units.Count; i++)
        {
            if (!decimal.TryParse(numbers[i].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
                || number > long.MaxValue / Units[units[i].Value] / 100
                || (ticks += number * Units[units[i].Value]) > long.MaxValue / 100)
            {
                return null;
            }
        }

        return TimeSpan.FromTicks((long)(text.StartsWith('-') ? -ticks : ticks));
    }

    [GeneratedRegex(@"^[-+]?(0|((?<number>[0-9]+(\.[0-9]*)?|\.[0-9]+)(?<unit>ns|us|µs|μs|ms|s|m|h))+)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
