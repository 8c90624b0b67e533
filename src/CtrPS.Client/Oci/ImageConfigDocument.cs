using System.Globalization;
using System.Text.Json;

namespace CtrPS.Client.Oci;

/// <summary>Reads the config of an image (image-spec, config.md; docker's additions).</summary>
internal static class ImageConfigDocument
{
    private static readonly HashSet<string> Known =
    [
        "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config", "rootfs", "history",
    ];

    private static readonly HashSet<string> KnownSettings =
    [
        "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
        "Healthcheck", "Shell", "OnBuild", // docker's
    ];

    /// <summary>What the whole config says. Name, namespace and manifest are left to who knows them.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: no JSON, or a key is of another kind than specified.</exception>
    public static CtrImageConfig Parse(ReadOnlyMemory<byte> json, Descriptor of) => Read(json, of, root =>
    {
        JsonElement settings = root.TryGetProperty("config", out JsonElement config) ? config : default;
        return new CtrImageConfig
        {
            Digest = of.Digest,
            MediaType = of.MediaType,
            Platform = ManifestDocument.ReadPlatform(root),
            Created = Time(root, "created"),
            Author = Text(root, "author") is { Length: > 0 } author ? author : null,
            Env = Texts(settings, "Env"),
            Entrypoint = Texts(settings, "Entrypoint"),
            Cmd = Texts(settings, "Cmd"),
            User = Text(settings, "User"),
            WorkingDirectory = Text(settings, "WorkingDir"),
            ExposedPorts = Keys(settings, "ExposedPorts"),
            Volumes = Keys(settings, "Volumes"),
            Labels = Map(settings, "Labels"),
            StopSignal = Text(settings, "StopSignal"),
            Healthcheck = Value(settings, "Healthcheck") is { } check ? HealthcheckOf(check) : null,
            Shell = Texts(settings, "Shell"),
            OnBuild = Texts(settings, "OnBuild"),
            RootFS = Value(root, "rootfs") is { } files
                ? new CtrRootFileSystem { Type = Text(files, "type") is { Length: > 0 } type ? type : "layers", DiffIds = Texts(files, "diff_ids") }
                : new CtrRootFileSystem(),
            Unknown = UnknownOf(root, Known, "").Concat(UnknownOf(settings, KnownSettings, "config."))
                .ToDictionary(key => key.Name, key => key.Json, StringComparer.Ordinal),
            LastComment = Value(root, "history") is { } steps && steps.GetArrayLength() > 0 ? Text(steps[steps.GetArrayLength() - 1], "comment") : "",
            Bytes = json,
        };
    });

    /// <summary>What it says at a glance.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: no JSON.</exception>
    public static ConfigSummary ParseSummary(ReadOnlyMemory<byte> json, Descriptor of) =>
        Read(json, of, root => new ConfigSummary(ManifestDocument.ReadPlatform(root), Time(root, "created")));

    /// <summary>The steps by which the image was made, oldest first. Empty where the config tells of none.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static IReadOnlyList<HistoryStep> ParseHistory(ReadOnlyMemory<byte> json, Descriptor of) => Read(json, of, root =>
        Value(root, "history") is { } steps
            ? steps.EnumerateArray().Select(step => new HistoryStep(
                Time(step, "created"),
                Text(step, "created_by"),
                Text(step, "author"),
                Text(step, "comment"),
                step.TryGetProperty("empty_layer", out JsonElement empty) && empty.ValueKind == JsonValueKind.True)).ToArray()
            : []);

    private static T Read<T>(ReadOnlyMemory<byte> json, Descriptor of, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The blob '{of.Digest}' cannot be read as the config of an image: {e.Message}",
                e)
            {
                Target = of.Digest,
            };
        }
    }

    /// <summary>Docker writes times as nanoseconds.</summary>
    private static CtrHealthcheck HealthcheckOf(JsonElement check) => new()
    {
        Test = Texts(check, "Test"),
        Interval = Nanoseconds(check, "Interval"),
        Timeout = Nanoseconds(check, "Timeout"),
        StartPeriod = Nanoseconds(check, "StartPeriod"),
        StartInterval = Nanoseconds(check, "StartInterval"),
        Retries = Value(check, "Retries") is { } retries && retries.GetInt32() is var number and not 0 ? number : null,
    };

    private static TimeSpan? Nanoseconds(JsonElement element, string key) =>
        Value(element, key) is { } value && value.GetInt64() is var nanoseconds and not 0
            ? TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick)
            : null;

    private static IEnumerable<(string Name, string Json)> UnknownOf(JsonElement element, HashSet<string> known, string prefix) =>
        element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject()
                .Where(key => !known.Contains(key.Name))
                .GroupBy(key => key.Name, key => key.Value, StringComparer.Ordinal)
                .Select(key => (prefix + key.Key, key.Last().GetRawText()))
            : [];

    /// <summary>What stands at a key. Nothing where there is no such key, or null, as Go writes what is empty.</summary>
    private static JsonElement? Value(JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static string[] Texts(JsonElement element, string key) =>
        Value(element, key) is { } list ? [.. list.EnumerateArray().Select(one => one.GetString() ?? "")] : [];

    private static string Text(JsonElement element, string key) => Value(element, key)?.GetString() ?? "";

    /// <summary>Sets are written as objects without values.</summary>
    private static string[] Keys(JsonElement element, string key) =>
        Value(element, key) is { } set ? [.. set.EnumerateObject().Select(one => one.Name).Distinct().Order(StringComparer.Ordinal)] : [];

    /// <summary>A key that comes twice has the later value, as Go reads it.</summary>
    private static SortedDictionary<string, string> Map(JsonElement element, string key)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (Value(element, key) is { } labels)
        {
            foreach (JsonProperty label in labels.EnumerateObject())
            {
                map[label.Name] = label.Value.GetString() ?? "";
            }
        }

        return map;
    }

    /// <summary>A time as Go writes it. The year 1 is Go's word for none.</summary>
    private static DateTimeOffset? Time(JsonElement element, string key) => Value(element, key) is { ValueKind: JsonValueKind.String } text
        && DateTimeOffset.TryParse(
            text.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time.Year > 1 ? time : null;
}

/// <summary>What a config says at a glance, for listings.</summary>
/// <param name="Platform">The platform. Null where it names none, as the configs of artifacts.</param>
/// <param name="Created">When the image was made. Null: not said.</param>
internal sealed record ConfigSummary(CtrPlatform? Platform, DateTimeOffset? Created);

/// <summary>A step by which an image was made.</summary>
/// <param name="Created">When. Null: not said.</param>
/// <param name="CreatedBy">The command. Empty: not said.</param>
/// <param name="Author">Who. Empty: not said.</param>
/// <param name="Comment">A comment. Empty: none.</param>
/// <param name="IsEmpty">It made no layer.</param>
internal sealed record HistoryStep(DateTimeOffset? Created, string CreatedBy, string Author, string Comment, bool IsEmpty);
