using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Connection;

/// <summary>Values of records as containerd's client in Go writes them as JSON, with all digits of the times.</summary>
internal static class GoJson
{
    /// <summary>A typed value: its type and its bytes in base64.</summary>
    public static JsonObject? Of(Any? value) => value is null
        ? null
        : RecordJson.Filled(
            ("type_url", RecordJson.OrNull(value.TypeUrl)), ("value", RecordJson.OrNull(value.Value.IsEmpty ? null : value.Value.ToBase64())));

    /// <summary>RFC 3339 with nanoseconds, as many digits as are not zero.</summary>
    public static string Of(Timestamp? time)
    {
        if (time is null)
        {
            return "0001-01-01T00:00:00Z";
        }

        string second = DateTimeOffset.UnixEpoch.AddSeconds(time.Seconds).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        string fraction = time.Nanos.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return fraction.Length == 0 ? $"{second}Z" : $"{second}.{fraction}Z";
    }
}
