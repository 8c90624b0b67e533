using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="DateTimeOffset"/> take how long ago (or in how long), too: a <see cref="TimeSpan"/>, or a text such as
/// <c>90s</c>, <c>10m</c>, <c>1h30m</c> or <c>2d</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class MomentTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>A span is in how long, and not how long ago.</summary>
    public bool Ahead { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        null => null,
        PSObject { BaseObject: decimal or short } number => Read(LanguagePrimitives.ConvertTo<string>(number)), // 2d and 90s are to PowerShell
        PSObject wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        DateTimeOffset time => time,
        DateTime time => new DateTimeOffset(time),
        TimeSpan span => FromNow(span),
        string text => Read(text),
        _ => throw Invalid(inputData.ToString() ?? ""), // a number has no unit
    };

    private DateTimeOffset FromNow(TimeSpan span) => DateTimeOffset.Now + (Ahead ? span : -span);

    private DateTimeOffset Read(string text)
    {
        if (Duration().Match(text) is { Success: true } match && text.Length > 0)
        {
            TimeSpan sum = TimeSpan.Zero;
            foreach ((string unit, double seconds) in new[] { ("d", 86400d), ("h", 3600d), ("m", 60d), ("s", 1d) })
            {
                if (match.Groups[unit] is { Success: true } number)
                {
                    sum += TimeSpan.FromSeconds(double.Parse(number.Value, CultureInfo.InvariantCulture) * seconds);
                }
            }

            return FromNow(sum);
        }

        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span))
        {
            return FromNow(span);
        }

        bool isNumber = double.TryParse(text, CultureInfo.InvariantCulture, out _);
        return !isNumber && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time)
            ? time
            : throw Invalid(text);
    }

    private ArgumentTransformationMetadataException Invalid(string text) =>
        new($"'{text}' is neither a time nor {(Ahead ? "in how long" : "how long ago")}. "
            + "Give a date, a TimeSpan, or a text such as 90s, 10m, 1h30m or 2d.");

    [GeneratedRegex(
        @"^(?:(?<d>\d{1,6}(?:\.\d+)?)d)?(?:(?<h>\d{1,6}(?:\.\d+)?)h)?(?:(?<m>\d{1,6}(?:\.\d+)?)m)?(?:(?<s>\d{1,9}(?:\.\d+)?)s)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Duration();
}
