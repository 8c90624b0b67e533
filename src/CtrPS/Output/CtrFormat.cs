using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Management.Automation;
using CtrPS.Sessions;

namespace CtrPS.Output;

/// <summary>Text for the views and types of the module. Not for scripts: the objects have the numbers.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CtrFormat
{
    /// <summary>Steps of a tree that are shown by their place; deeper ones stand below one another.</summary>
    private const int MaxIndent = 12;

    /// <summary>What is left for the last column of a table in 80 columns.</summary>
    private const int PathWidth = 26;

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Spans of time: the seconds of each, and from how many on the next one is better.</summary>
    private static readonly (double Length, double Below, string Unit)[] Spans =
    [
        (1, 60, "second"), (60, 60, "minute"), (3600, 48, "hour"), (86400, 14, "day"), (7 * 86400, 9, "week"), (30.44 * 86400, 24, "month"),
        (365.25 * 86400, double.PositiveInfinity, "year"),
    ];

    private static readonly string[] PodParts = [nameof(CtrEvent.PodNamespace), nameof(CtrEvent.PodName), nameof(CtrEvent.ContainerName)];

    /// <summary>Text from outside on one line: what would steer the terminal is escaped. Empty for null.</summary>
    public static string Text(object? value) => ForeignText.Escape(value?.ToString()) ?? "";

    /// <summary><see cref="Text"/> that may have lines and tabs.</summary>
    public static string Lines(object? value) => ForeignText.EscapeLines(value?.ToString()) ?? "";

    /// <summary>The header of a group of objects: their namespace, with the address where the runspace has several sessions.</summary>
    public static string? Place(PSObject? item)
    {
        object? name = item is null ? null : ReadWrapped(item, "Namespace");
        return name is not null && Node(item) is { } node ? $"{Text(name)} at {node}" : name is null ? null : Text(name);
    }

    /// <summary>The address that an object came from, where the runspace has several sessions. Null: there is nothing to tell apart.</summary>
    public static string? Node(PSObject? item) =>
        item is not null && SessionTable.Current.Sessions.Count > 1 && ReadWrapped(item, "Address") is { } address ? Text(address) : null;

    /// <summary>A duration in seconds, to the hundredth.</summary>
    public static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>The first line of a text.</summary>
    public static string FirstLine(string? text) => Text(text?.Split('\n', 2)[0].TrimEnd('\r'));

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

    /// <summary>The key of something: of a blob the first digits of its digest.</summary>
    public static string ResourceKey(object? row) =>
        KindOf(row) == nameof(CtrResourceKind.Content) ? ShortDigest(Read(row, "Key")?.ToString()) : Text(Read(row, "Key"));

    /// <summary>A step of a tree of references, as far to the right as it is deep.</summary>
    public static string Reference(object? row)
    {
        int depth = int.TryParse(Read(row, nameof(CtrReference.Depth))?.ToString(), CultureInfo.InvariantCulture, out int given) ? given : 0;
        string words = KindOf(row).ToLowerInvariant();
        return $"{new string(' ', 2 * Math.Clamp(depth, 0, MaxIndent))}{words} {ResourceKey(row)}";
    }

    /// <summary>The owner of bytes: of an image the name as people write it, of a path the end, which tells it from others.</summary>
    public static string Owner(object? row)
    {
        string? owner = Read(row, nameof(CtrDiskUsage.Owner))?.ToString();
        string text = Text(owner);
        return KindOf(row) switch
        {
            nameof(CtrDiskUsageKind.Image) => FamiliarName(owner),
            nameof(CtrDiskUsageKind.Metadata) or nameof(CtrDiskUsageKind.Unexplained) or nameof(CtrDiskUsageKind.Nobody)
                when text.Length > PathWidth => $"…{text[^(PathWidth - 1)..]}",
            _ => text,
        };
    }

    /// <summary>A share, 0 to 1, as a bar of up to so many characters.</summary>
    public static string Bar(double share, int width)
    {
        int eighths = (int)Math.Round(Math.Clamp(share, 0, 1) * width * 8);
        string whole = new('█', eighths / 8);
        return eighths % 8 == 0 ? whole : whole + "▏▎▍▌▋▊▉"[(eighths % 8) - 1];
    }

    /// <summary>Time gone by since a moment, in the largest whole unit: <c>3 days</c>. Empty where there is none.</summary>
    public static string Age(object? since) => Moment(since) is { } start ? Span(DateTimeOffset.Now - start) : "";

    /// <summary>Time that is left until a moment: <c>in 3 days</c>, or <c>over</c>. Where there is none: <c>never</c>.</summary>
    public static string Left(object? until) =>
        Moment(until) is not { } end ? "never"
        : end <= DateTimeOffset.Now ? "over"
        : "in " + Span(end - DateTimeOffset.Now, isNearest: true); // what is to be over in two hours has less a moment later

    /// <summary>Bytes as a number and in units: <c>196398285 (187.3 MiB)</c>.</summary>
    /// <param name="bytes">How many. Null: not known, or no limit.</param>
    /// <param name="none">What to show for null.</param>
    public static string ExactSize(long? bytes, string none) =>
        bytes is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value} ({Size(value)})") : none;

    /// <summary>Program and arguments of a spec's process.</summary>
    public static string CommandLine(CtrSpecProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return Words(process.Args);
    }

    /// <summary>Words of a command, those with blanks in quotes.</summary>
    public static string Words(object? words) => Text(string.Join(' ', Elements(words).Select(word => word.ToString() ?? "").Select(
        word => word.Length == 0 || word.Any(char.IsWhiteSpace) ? $"'{word}'" : word)));

    /// <summary>The user of a spec's process: <c>uid:gid</c>, with further groups behind.</summary>
    public static string SpecUser(CtrSpecProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        string others = string.Join(", ", process.User.AdditionalGids.Where(gid => gid != process.User.Gid));
        return string.Create(
            CultureInfo.InvariantCulture, $"{process.User.Uid}:{process.User.Gid}{(others.Length == 0 ? "" : $" (groups {others})")}");
    }

    /// <summary>Where a spec mounts something.</summary>
    public static string MountPoints(IEnumerable<CtrMount> mounts) => Text(string.Join(", ", mounts.Select(mount => mount.Destination)));

    /// <summary>The namespaces of a spec, with the paths of those that it joins.</summary>
    public static string SpecNamespaces(CtrSpecLinux linux)
    {
        ArgumentNullException.ThrowIfNull(linux);
        return Text(string.Join(", ", linux.Namespaces.Select(one => one.Path is null ? one.Type : $"{one.Type}={one.Path}")));
    }

    /// <summary>The options of a mount.</summary>
    public static string MountOptions(IEnumerable<string> options) => Text(string.Join(' ', options));

    /// <summary>Time of the day: <c>14:01:53.118</c>, without a fraction where a job or a file lost it. Empty where there is none.</summary>
    public static string Clock(object? time) => Moment(time)?.LocalDateTime.ToString(
        time is string text && !text.Contains('.', StringComparison.Ordinal) ? "HH:mm:ss" : "HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "";

    /// <summary>The first 12 digits of a digest.</summary>
    public static string ShortDigest(string? digest)
    {
        string hex = digest?[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..] ?? "";
        return Text(hex.Length > 12 ? hex[..12] : hex);
    }

    /// <summary>An id; of those that Kubernetes makes, 64 digits, the first 12.</summary>
    public static string ShortId(string? id) => id is { Length: 64 } && id.All(char.IsAsciiHexDigitLower) ? id[..12] : Text(id);

    /// <summary>The name of an image by docker's short form: <c>nginx:1.27</c>.</summary>
    public static string FamiliarName(string? image) =>
        CtrImageReference.TryParse(image ?? "", out CtrImageReference? reference) && reference.ToString() == image
            ? reference.FamiliarName
            : Text(image);

    /// <summary>Names of images by docker's short form, with commas between them.</summary>
    public static string FamiliarNames(object? images) =>
        string.Join(", ", Elements(images).Select(image => FamiliarName(image.ToString())));

    /// <summary>The header of a group of what is of an image: its name, with platform and address where they tell something apart.</summary>
    public static string? Image(PSObject? item)
    {
        if (item is null || ReadWrapped(item, nameof(CtrImageLayer.Name)) is not { } name)
        {
            return null;
        }

        string platform = ReadWrapped(item, nameof(CtrImageLayer.Platform)) is { } known ? $" for {known}" : "";
        return Text($"{FamiliarName(name.ToString())}{platform}{(Node(item) is { } node ? $" at {node}" : "")}");
    }

    /// <summary>The header of a group of files: their folder and image, with platform and address where they tell something apart.</summary>
    public static string? ImageFolder(PSObject? item)
    {
        if (item is null || ReadWrapped(item, nameof(CtrImageFile.Image)) is not { } name)
        {
            return null;
        }

        string platform = ReadWrapped(item, nameof(CtrImageFile.Platform)) is { } known ? $" for {known}" : "";
        string folder = ReadWrapped(item, nameof(CtrImageFile.Directory))?.ToString() ?? "";
        return Text($"{folder} of {FamiliarName(name.ToString())}{platform}{(Node(item) is { } node ? $" at {node}" : "")}");
    }

    /// <summary>Owner and group of a file: their names, or the numbers where those are not known.</summary>
    public static string FileOwner(object? file)
    {
        return $"{Part(nameof(CtrImageFile.User), nameof(CtrImageFile.Uid))}:{Part(nameof(CtrImageFile.Group), nameof(CtrImageFile.Gid))}";

        string Part(string name, string number) => Read(file, name)?.ToString() is { Length: > 0 } text ? Text(text) : Text(Read(file, number));
    }

    /// <summary>Bytes of a file; of a device its numbers. Empty for what has neither.</summary>
    public static string FileSize(object? file) => Read(file, nameof(CtrImageFile.UnixMode))?.ToString() is [var kind, ..] ? kind switch
    {
        '-' => Size(Convert.ToInt64(Read(file, nameof(CtrImageFile.Size)), CultureInfo.InvariantCulture)),
        'b' or 'c' => Text($"{Read(file, nameof(CtrImageFile.DeviceMajor))}, {Read(file, nameof(CtrImageFile.DeviceMinor))}"),
        _ => "",
    }
    : "";

    /// <summary>The name of a file, with where it points to, and that it is hidden.</summary>
    public static string FileName(object? file)
    {
        string target = Read(file, nameof(CtrImageFile.LinkTarget)) is { } to ? $" -> {to}" : "";
        string state = file is null ? "" : PSObject.AsPSObject(file).Properties[nameof(CtrImageFile.State)]?.Value?.ToString() ?? "";
        string hidden = state is nameof(CtrFileState.Replaced) or nameof(CtrFileState.Deleted) ? $" ({state.ToLowerInvariant()})" : "";
        return Text($"{Read(file, nameof(CtrImageFile.Name))}{target}{hidden}");
    }

    /// <summary>The header of a group of differences: both images, with the address where it tells something apart.</summary>
    public static string? Compared(PSObject? item) =>
        item is null || ReadWrapped(item, nameof(CtrImageDifference.Image)) is not { } one ? null : Text(
            $"{FamiliarName(one.ToString())} <=> {FamiliarName(ReadWrapped(item, nameof(CtrImageDifference.DifferenceImage))?.ToString())}"
            + (Node(item) is { } node ? $" at {node}" : ""));

    /// <summary>What differs, short: a layer by its digest and command, a setting by its values, a file by what has changed of it.</summary>
    public static string Difference(object? told)
    {
        string item = Read(told, nameof(CtrImageDifference.Item))?.ToString() ?? "";
        object? one = Read(told, nameof(CtrImageDifference.ReferenceValue));
        object? other = Read(told, nameof(CtrImageDifference.DifferenceValue));
        string changes = List(Read(told, nameof(CtrImageDifference.Changes)));
        return Text((told is null ? null : PSObject.AsPSObject(told).Properties[nameof(CtrImageDifference.Kind)]?.Value?.ToString()) switch
        {
            nameof(CtrDifferenceKind.Layer) => $"{ShortDigest(item)} {FirstLine((one ?? other)?.ToString())}",
            nameof(CtrDifferenceKind.Config) => one is null ? $"{item}: {other}" : other is null ? $"{item}: {one}" : $"{item}: {one} => {other}",
            _ => changes.Length > 0 ? $"{item} ({changes})" : item,
        });
    }

    /// <summary>A day: <c>2026-11-28</c>. Empty where there is none.</summary>
    public static string Date(object? time) => Moment(time)?.LocalDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A blob in its place in an image: what it is, for which platform, behind blanks for each level above it.</summary>
    public static string Blob(object? blob)
    {
        string platform = Read(blob, nameof(CtrImageBlob.Platform)) is { } known ? $" {known}" : "";
        int depth = Convert.ToInt32(Read(blob, nameof(CtrImageBlob.Depth)), CultureInfo.InvariantCulture);
        string type = Read(blob, nameof(CtrImageBlob.MediaType))?.ToString() ?? "";

        // What comes out of a file has the number of an enum for its value, and the name for its text.
        object? kind = blob is null ? null : PSObject.AsPSObject(blob).Properties[nameof(CtrImageBlob.Kind)]?.Value;
        return Text($"{new string(' ', 2 * Math.Clamp(depth, 0, 16))}{kind}{platform}: "
            + (type.StartsWith("application/vnd.", StringComparison.Ordinal) ? type["application/vnd.".Length..] : type));
    }

    /// <summary>A container of a pod: <c>pod/container</c>, the pod alone for its sandbox. Empty where it is not Kubernetes'.</summary>
    public static string Pod(object? container) => Text(string.Join(
        '/', new[] { Read(container, nameof(CtrContainer.PodName)), Read(container, nameof(CtrContainer.ContainerName)) }.OfType<string>()));

    /// <summary>Platforms, those that are not whole in brackets: <c>linux/amd64, (linux/arm64)</c>.</summary>
    public static string Platforms(object? platforms) => Text(string.Join(", ", Elements(platforms).Select(
        platform => Read(platform, nameof(CtrImagePlatform.IsComplete)) is false ? $"({platform})" : platform.ToString())));

    /// <summary>Elements with commas between them.</summary>
    public static string List(object? elements) => Text(string.Join(", ", Elements(elements)));

    /// <summary>What an event is about: a pod's container by name, digests short, the hole and its reason with a gap.</summary>
    public static string Subject(object? told)
    {
        if (Read(told, nameof(CtrEvent.Topic)) is "gap")
        {
            string until = TimeOf(told, nameof(CtrEvent.To)) is { Length: > 0 } to ? to : "now";
            return Text($"{TimeOf(told, nameof(CtrEvent.From))} to {until}: {Read(told, nameof(CtrEvent.Reason))}");
        }

        object? subject = Read(told, nameof(CtrEvent.Subject));
        return Read(told, nameof(CtrEvent.PodName)) is string
            ? Text(string.Join('/', PodParts.Select(part => Read(told, part)).OfType<string>()))
            : Read(told, nameof(CtrEvent.ExecId)) is { } exec ? Text($"{subject} ({exec})")
            : Read(told, nameof(CtrEvent.Digest)) is string digest ? ShortDigest(digest)
            : Text(subject);
    }

    /// <summary>How many elements.</summary>
    public static string Count(object? elements) => Elements(elements).Count().ToString(CultureInfo.InvariantCulture);

    /// <summary>Labels as <c>key=value</c>, sorted.</summary>
    public static string Labels(object? labels) => labels switch
    {
        IEnumerable<KeyValuePair<string, string>> pairs => Pairs(pairs.Select(pair => (pair.Key, (object?)pair.Value))),
        IDictionary map => Pairs(map.Keys.Cast<object>().Select(key => (key.ToString() ?? "", map[key]))),
        _ => Text(labels),
    };

    /// <summary>Whether cmdlets of this runspace use the session when none is named. A code property of CtrSession.</summary>
    public static bool IsDefault(PSObject session) => session?.BaseObject is CtrSession one && SessionTable.Current.IsDefault(one);

    private static string Pairs(IEnumerable<(string Key, object? Value)> pairs) =>
        Text(string.Join(", ", pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));

    private static IEnumerable<object> Elements(object? elements) => elements switch
    {
        null => [],
        string text => [text],
        IEnumerable many => many.Cast<object>(),
        _ => [elements],
    };

    private static string TimeOf(object? told, string property) =>
        Moment(Read(told, property))?.LocalDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A moment, also one that came back from a file or a job: those are texts, or objects with the parts of one.</summary>
    private static DateTimeOffset? Moment(object? value) => value switch
    {
        null => null,
        DateTimeOffset moment => moment,
        DateTime moment => new DateTimeOffset(moment),
        string text =>
            DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment) ? moment : null,
        _ => Read(value, nameof(DateTimeOffset.UtcDateTime)) is DateTime utc ? new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)) : null,
    };

    /// <summary>A property of one of our objects, or of what came of it in a file or a job. Null where it has none.</summary>
    private static object? Read(object? source, string property) => source is null or string ? null
        : source.GetType().Assembly == typeof(CtrImage).Assembly ? source.GetType().GetProperty(property)?.GetValue(source)
        : ReadWrapped(source, property);

    /// <summary>The name of a kind: one that comes back from a file is a number that knows it.</summary>
    private static string KindOf(object? row) => row is null ? "" : PSObject.AsPSObject(row).Properties["Kind"]?.Value?.ToString() ?? "";

    private static object? ReadWrapped(object source, string property) => PSObject.AsPSObject(source).Properties[property]?.Value switch
    {
        PSObject { BaseObject: not PSCustomObject } wrapped => wrapped.BaseObject,
        { } value => value,
        null => null,
    };

    private static string Span(TimeSpan span, bool isNearest = false)
    {
        double seconds = Math.Max(0, span.TotalSeconds);
        return Spans.Select(one => (Whole: Count(seconds / one.Length), one.Below, one.Unit)).First(one => one.Whole < one.Below) switch
        {
            { Whole: 1, Unit: var unit } => $"1 {unit}",
            var (whole, _, unit) => $"{whole} {unit}s",
        };

        double Count(double units) => isNearest ? Math.Round(units) : Math.Floor(units);
    }
}
