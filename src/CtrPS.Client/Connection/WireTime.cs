using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Connection;

/// <summary>Times as the daemon writes them.</summary>
internal static class WireTime
{
    private const long GoZero = -62135596800; // the year 1, in seconds of Unix: what Go writes for a time that is not set

    /// <summary>A time in this machine's zone. Null where none is set.</summary>
    public static DateTimeOffset? ToTime(Timestamp? time) => time is null || time.Seconds <= GoZero ? null : time.ToDateTimeOffset().ToLocalTime();
}
