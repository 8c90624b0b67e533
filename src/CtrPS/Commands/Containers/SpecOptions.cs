using System.Globalization;

namespace CtrPS.Commands;

/// <summary>Reads the texts in which options for a spec are written.</summary>
internal static class SpecOptions
{
    /// <summary>Variables of a file: a line each; empty lines and those that begin with # are passed over, as with docker.</summary>
    public static IEnumerable<string> EnvironmentOf(string text) =>
        text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Trim().Length > 0 && !line.TrimStart().StartsWith('#'));

    /// <summary>Checks variables: <c>NAME=value</c> or <c>NAME</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static string[] Environment(IEnumerable<string> given)
    {
        string[] all = [.. given];
        return all.FirstOrDefault(one => one.Length == 0 || one[0] == '=' || one.Contains('\0', StringComparison.Ordinal)) is { } invalid
            ? throw Invalid(invalid, $"'{invalid}' is not a variable. A variable is written NAME=value; NAME alone removes the image's.")
            : all;
    }

    /// <summary>Reads resource limits, <c>nofile=soft[:hard]</c>; unlimited and -1 mean no limit.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static Dictionary<string, (ulong Soft, ulong Hard)> Rlimits(IEnumerable<string> given)
    {
        var limits = new Dictionary<string, (ulong, ulong)>(StringComparer.Ordinal);
        foreach (string one in given)
        {
            string[] pair = one.Split('=', 2);
            string[] values = pair.Length == 2 ? pair[1].Split(':') : [];
            limits[SpecNames.Rlimit(pair[0].Trim())] = values.Length is 1 or 2 && Limit(values[0]) is { } soft && Limit(values[^1]) is { } hard
                ? (soft, hard)
                : throw Invalid(
                    one, $"'{one}' is not a resource limit. A limit is written name=soft[:hard], as in nofile=1024:4096; unlimited is no limit.");
        }

        return limits;

        static ulong? Limit(string text) => text.Trim() is "unlimited" or "-1" ? ulong.MaxValue
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value
            : null;
    }

    /// <summary>Reads namespaces to join, <c>kind=path</c> or ctr's <c>kind:path</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static Dictionary<string, string> Namespaces(IEnumerable<string> given)
    {
        var namespaces = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string one in given)
        {
            string[] pair = one.Split(['=', ':'], 2);
            namespaces[SpecNames.Namespace(pair[0])] = pair.Length == 2 && pair[1].StartsWith('/')
                ? pair[1]
                : throw Invalid(one, $"'{one}' is not a namespace to join. It is written kind=path, as in network=/proc/1/ns/net.");
        }

        return namespaces;
    }

    /// <summary>Reads ranges of ids, <c>inside:outside:count</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static CtrSpecIdMapping[] IdMappings(IEnumerable<string> given) => [.. given.Select(one =>
    {
        long?[] numbers = [.. one.Split(':').Select(Number)];
        return numbers is [{ } inside, { } outside, > 0]
            ? new CtrSpecIdMapping { ContainerId = inside, HostId = outside, Size = numbers[2] }
            : throw Invalid(
                one, $"'{one}' is not a range of ids. A range is written first id in the container:first id outside:count, as in 0:100000:65536.");
    })];

    private static long? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;

    private static CtrException Invalid(string given, string message) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message)
    {
        Target = given,
    };
}
