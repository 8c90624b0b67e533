using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Checkpoints;

/// <summary>
/// The index of a checkpoint: what was kept, in the form of containerd's client (client/container.go, container_checkpoint_opts.go, task.go), so
/// that ctr and we restore what the other kept.
/// </summary>
/// <param name="Parts">What was kept.</param>
/// <param name="Annotations">The names that go with it.</param>
internal sealed record CheckpointIndex(IReadOnlyList<Descriptor> Parts, IReadOnlyDictionary<string, string> Annotations)
{
    // core/images/mediatypes.go
    public const string TaskType = "application/vnd.containerd.container.criu.checkpoint.criu.tar";
    public const string SpecType = "application/vnd.containerd.container.checkpoint.config.v1+proto";
    public const string TaskOptionsType = "application/vnd.containerd.container.checkpoint.options.v1+proto";
    public const string RuntimeOptionsType = "application/vnd.containerd.container.checkpoint.runtime.options+proto";

    // client/container.go; a task's checkpoint has a name of its own for the image, and neither runtime nor snapshotter.
    public const string ImageKey = "org.opencontainers.image.ref.name";
    public const string TaskImageKey = "image.name";
    public const string RuntimeKey = "io.containerd.checkpoint.runtime";
    public const string SnapshotterKey = "io.containerd.checkpoint.snapshotter";

    /// <summary>Name of the image that the container was made from. Null: it is not known.</summary>
    public string? Image => Annotation(ImageKey) ?? Annotation(TaskImageKey);

    /// <summary>Name of the runtime. Null: it is not known.</summary>
    public string? Runtime => Annotation(RuntimeKey);

    /// <summary>Name of the snapshotter. Null: it is not known.</summary>
    public string? Snapshotter => Annotation(SnapshotterKey);

    /// <summary>The image itself. Null: it was not kept.</summary>
    public Descriptor? ImageContent => Parts.FirstOrDefault(part => MediaTypes.IsIndex(part.MediaType) || MediaTypes.IsManifest(part.MediaType));

    /// <summary>What the container had changed. Null: it was not kept.</summary>
    public Descriptor? WritableLayer => Parts.FirstOrDefault(part => MediaTypes.IsLayer(part.MediaType));

    /// <summary>A part of a kind. Null: there is none.</summary>
    public Descriptor? Part(string mediaType) => Parts.FirstOrDefault(part => part.MediaType == mediaType);

    /// <summary>The labels that keep the parts from the garbage collector.</summary>
    public IReadOnlyDictionary<string, string> Labels() => Parts.Index()
        .ToDictionary(
            part => string.Create(CultureInfo.InvariantCulture, $"{GarbageLabels.Prefix}{part.Index}"),
            part => part.Item.Digest,
            StringComparer.Ordinal);

    /// <summary>The document.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray([.. Parts.Select(Write)]),
        ["annotations"] = Write(Annotations),
    });

    /// <summary>Reads a document.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static CheckpointIndex Parse(ReadOnlyMemory<byte> json, Descriptor of)
    {
        IReadOnlyList<Descriptor> parts = ManifestDocument.Parse(json, of).Children;
        using var document = JsonDocument.Parse(json);
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
        if (document.RootElement.TryGetProperty("annotations", out JsonElement given) && given.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty annotation in given.EnumerateObject().Where(one => one.Value.ValueKind == JsonValueKind.String))
            {
                annotations[annotation.Name] = annotation.Value.GetString()!;
            }
        }

        return new CheckpointIndex(parts, annotations);
    }

    private string? Annotation(string key) => Annotations.TryGetValue(key, out string? value) && value.Length > 0 ? value : null;

    private static JsonObject Write(Descriptor part)
    {
        var json = new JsonObject { ["mediaType"] = part.MediaType, ["digest"] = part.Digest, ["size"] = part.Size };
        if (part.Annotations.Count > 0)
        {
            json["annotations"] = Write(part.Annotations);
        }

        if (part.Platform is { } platform)
        {
            json["platform"] = new JsonObject { ["architecture"] = platform.Architecture, ["os"] = platform.Os };
        }

        return json;
    }

    private static JsonObject Write(IReadOnlyDictionary<string, string> annotations) =>
        new(annotations.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
}
