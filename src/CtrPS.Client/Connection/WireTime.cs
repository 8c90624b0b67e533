using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Connection;

/// <summary>Times as the daemon writes them.</summary>
internal static class WireTime
{
    private const long GoZero = -62135596800; // the year 1, in seconds of Unix: what Go writes for a time that is not set

    private static readonly string[] Rfc3339 =
    [
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
    ];

    /// <summary>A time of a label, of RFC 3339. Null where it is none: containerd passes over such a label, too.</summary>
    public static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParseExact(text, Rfc3339, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToLocalTime()
            : null;

    /// <summary>A time in this machine's zone. Null where none is set.</summary>
    public static DateTimeOffset? ToTime(Timestamp? time) => time is null || time.Seconds <= GoZero ? null : time.ToDateTimeOffset().ToLocalTime();
}
