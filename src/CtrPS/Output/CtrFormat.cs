using System.ComponentModel;
using System.Globalization;
using System.Management.Automation;
using CtrPS.Sessions;

namespace CtrPS.Output;

/// <summary>Text for the views and types of the module. Not for scripts: the objects have the numbers.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CtrFormat
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>The header of a group of objects: their namespace, with the address where the runspace has several sessions.</summary>
    public static string? Place(PSObject? item)
    {
        string? name = Text(item, "Namespace");
        return name is not null && Node(item) is { } node ? $"{name} at {node}" : name;
    }

    /// <summary>The address that an object came from, where the runspace has several sessions. Null: there is nothing to tell apart.</summary>
    public static string? Node(PSObject? item) => SessionTable.Current.Sessions.Count > 1 ? Text(item, "Address") : null;

    private static string? Text(PSObject? item, string property) => item?.Properties[property]?.Value?.ToString();

    /// <summary>A duration in seconds, to the hundredth.</summary>
    public static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>The first line of a text.</summary>
    public static string FirstLine(string? text) => text?.Split('\n', 2)[0].TrimEnd('\r') ?? "";

    /// <summary>Bytes in units of 1024, as ctr writes them: <c>187.3 MiB</c>. Empty for null.</summary>
    public static string Size(long? bytes)
    {
        if (bytes is not { } value)
        {
            return "";
        }

        double scaled = value;
        int unit = 0;
        while (scaled >= 1024 && unit < Units.Length - 1)
        {
            scaled /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{scaled:0.0} {Units[unit]}");
    }

    /// <summary>Time gone by, in the largest whole unit: <c>3 days</c>. Empty for null.</summary>
    public static string Age(DateTimeOffset? since)
    {
        if (since is not { } start)
        {
            return "";
        }

        TimeSpan age = DateTimeOffset.Now - start;
        (double count, string unit) = age switch
        {
            { TotalSeconds: < 60 } => (Math.Max(0, age.TotalSeconds), "second"),
            { TotalMinutes: < 60 } => (age.TotalMinutes, "minute"),
            { TotalHours: < 48 } => (age.TotalHours, "hour"),
            { TotalDays: < 14 } => (age.TotalDays, "day"),
            { TotalDays: < 60 } => (age.TotalDays / 7, "week"),
            { TotalDays: < 730 } => (age.TotalDays / 30.44, "month"),
            _ => (age.TotalDays / 365.25, "year"),
        };
        int whole = (int)count;
        return whole == 1 ? $"1 {unit}" : $"{whole} {unit}s";
    }

    /// <summary>Program and arguments of a spec's process.</summary>
    public static string CommandLine(CtrSpecProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return string.Join(' ', process.Args.Select(word => word.Length == 0 || word.Any(char.IsWhiteSpace) ? $"'{word}'" : word));
    }

    /// <summary>The user of a spec's process: <c>uid:gid</c>, with further groups behind.</summary>
    public static string SpecUser(CtrSpecProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        string others = string.Join(", ", process.User.AdditionalGids.Where(gid => gid != process.User.Gid));
        return string.Create(
            CultureInfo.InvariantCulture, $"{process.User.Uid}:{process.User.Gid}{(others.Length == 0 ? "" : $" (groups {others})")}");
    }

    /// <summary>Where a spec mounts something.</summary>
    public static string MountPoints(IEnumerable<CtrMount> mounts) => string.Join(", ", mounts.Select(mount => mount.Destination));

    /// <summary>The namespaces of a spec, with the paths of those that it joins.</summary>
    public static string SpecNamespaces(CtrSpecLinux linux)
    {
        ArgumentNullException.ThrowIfNull(linux);
        return string.Join(", ", linux.Namespaces.Select(one => one.Path is null ? one.Type : $"{one.Type}={one.Path}"));
    }

    /// <summary>The options of a mount.</summary>
    public static string MountOptions(IEnumerable<string> options) => string.Join(' ', options);

    /// <summary>Time of the day: <c>14:01:53.118</c>. Empty for null.</summary>
    public static string Clock(DateTimeOffset? time) => time?.LocalDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "";

    /// <summary>The first 12 digits of a digest.</summary>
    public static string ShortDigest(string? digest)
    {
        string hex = digest?[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..] ?? "";
        return hex.Length > 12 ? hex[..12] : hex;
    }

    /// <summary>An id; of those that Kubernetes makes, 64 digits, the first 12.</summary>
    public static string ShortId(string? id) => id is { Length: 64 } && id.All(char.IsAsciiHexDigitLower) ? id[..12] : id ?? "";

    /// <summary>The name of an image by docker's short form: <c>nginx:1.27</c>.</summary>
    public static string FamiliarName(string? image) =>
        CtrImageReference.TryParse(image ?? "", out CtrImageReference? reference) && reference.ToString() == image
            ? reference.FamiliarName
            : image ?? "";

    /// <summary>A container of a pod: <c>pod/container</c>, the pod alone for its sandbox. Empty where it is not Kubernetes'.</summary>
    public static string Pod(CtrContainer? container) =>
        container is null ? "" : string.Join('/', new[] { container.PodName, container.ContainerName }.Where(part => part is not null));

    /// <summary>Platforms, those that are not whole in brackets: <c>linux/amd64, (linux/arm64)</c>.</summary>
    public static string Platforms(IEnumerable<CtrImagePlatform>? platforms) =>
        string.Join(", ", (platforms ?? []).Select(platform => platform.IsComplete ? platform.ToString() : $"({platform})"));

    /// <summary>Elements with commas between them.</summary>
    public static string List(IEnumerable<object>? elements) => string.Join(", ", elements ?? []);

    /// <summary>What an event is about: a pod's container by name, digests short, the hole and its reason with a gap.</summary>
    public static string Subject(CtrEvent? told) => told switch
    {
        null => "",
        { Kind: CtrEventKind.Gap } => string.Create(
            CultureInfo.InvariantCulture, $"{told.From?.LocalDateTime:HH:mm:ss} to {Until(told)}: {told.Reason}"),
        { PodName: { } pod } => $"{told.PodNamespace}/{pod}{(told.ContainerName is { } name ? $"/{name}" : "")}",
        { ExecId: { } exec } => $"{told.Subject} ({exec})",
        { Digest: { } digest } => ShortDigest(digest),
        _ => told.Subject ?? "",
    };

    private static string Until(CtrEvent gap) => gap.To is { } to ? to.LocalDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture) : "now";

    /// <summary>How many elements.</summary>
    public static string Count(IEnumerable<object>? elements) => (elements ?? []).Count().ToString(CultureInfo.InvariantCulture);

    /// <summary>Labels as <c>key=value</c>, sorted.</summary>
    public static string Labels(IReadOnlyDictionary<string, string>? labels) =>
        string.Join(", ", (labels ?? new Dictionary<string, string>())
            .OrderBy(label => label.Key, StringComparer.Ordinal)
            .Select(label => $"{label.Key}={label.Value}"));

    /// <summary>Whether cmdlets of this runspace use the session when none is named. A code property of CtrSession.</summary>
    public static bool IsDefault(PSObject session) => session?.BaseObject is CtrSession one && SessionTable.Current.IsDefault(one);
}
