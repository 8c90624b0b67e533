using System.Text.Json;

namespace CtrPS.Client.Oci;

/// <summary>A manifest or an index: what it refers to, in order.</summary>
/// <param name="IsIndex">Whether the children are manifests; else the first is the config and the others are layers.</param>
/// <param name="Children">The descriptors.</param>
/// <param name="HasConfig">Whether the first child is a config.</param>
internal sealed record ManifestDocument(bool IsIndex, IReadOnlyList<Descriptor> Children, bool HasConfig = false)
{
    /// <summary>Largest manifest that is read, the limit of containerd's own resolver (core/remotes/docker/resolver.go: 4 x 1048 x 1048).</summary>
    public const long MaxSize = 4 * 1048 * 1048;

    /// <summary>
    /// Largest size that a descriptor may give (16 TiB): the sum over all blobs of an image is a number then. One below 0 is read, and comes out as
    /// that of a blob of another size.
    /// </summary>
    private const long MaxBlobSize = 1L << 44;

    /// <summary>The digest of the manifest that it refers to (image-spec, manifest.md, subject). Null: it refers to none.</summary>
    public string? Subject { get; private init; }

    /// <summary>Reads a document.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: no JSON, or not what the media type says.</exception>
    public static ManifestDocument Parse(ReadOnlyMemory<byte> json, Descriptor of)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException($"it is of the kind {root.ValueKind}, not Object");
            }

            bool isIndex = MediaTypes.IsIndex(of.MediaType);
            bool hasManifests = Has(root, "manifests");
            bool hasConfig = Has(root, "config") || Has(root, "layers");
            string? own = Text(root, "mediaType");

            // A document that is both can be read as either: refused as in containerd (CVE-2021-41190).
            if (isIndex ? hasConfig || (own is not null && MediaTypes.IsManifest(own)) : hasManifests || (own is not null && MediaTypes.IsIndex(own)))
            {
                throw Corrupt(of, $"its content is not the {(isIndex ? "index" : "manifest")} that its media type '{of.MediaType}' says.", null);
            }

            if (Has(root, "fsLayers"))
            {
                throw Corrupt(of, "it is of docker's schema 1, which containerd no longer reads.", null);
            }

            if (isIndex)
            {
                return new ManifestDocument(true, hasManifests ? [.. root.GetProperty("manifests").EnumerateArray().Select(ReadDescriptor)] : [])
                {
                    Subject = ReadSubject(root),
                };
            }

            var children = new List<Descriptor>();
            if (Has(root, "config"))
            {
                children.Add(ReadDescriptor(root.GetProperty("config")));
            }

            if (Has(root, "layers"))
            {
                children.AddRange(root.GetProperty("layers").EnumerateArray().Select(ReadDescriptor));
            }

            return new ManifestDocument(false, children, Has(root, "config")) { Subject = ReadSubject(root) };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Corrupt(of, $"it cannot be read as JSON of the media type '{of.MediaType}': {e.Message}", e);
        }
    }

    /// <summary>The platform that an object names, with the keys that indexes and configs have in common. Null where it names none.</summary>
    public static CtrPlatform? ReadPlatform(JsonElement element)
    {
        string os = Text(element, "os") ?? "";
        string architecture = Text(element, "architecture") ?? "";
        return os.Length == 0 && architecture.Length == 0
            ? null
            : new CtrPlatform(os, architecture, Text(element, "variant") ?? "", Text(element, "os.version") ?? "");
    }

    /// <summary>
    /// The media type that a document gives itself; where it gives none, as OCI's once did not, the one that its members tell. Null: it is neither a
    /// manifest nor an index.
    /// </summary>
    public static string? MediaTypeOf(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            string? type = Text(root, "mediaType")
                ?? (Has(root, "manifests") ? MediaTypes.OciIndex : Has(root, "layers") ? MediaTypes.OciManifest : null);
            return type is not null && (MediaTypes.IsIndex(type) || MediaTypes.IsManifest(type)) ? type : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? ReadSubject(JsonElement root) => Has(root, "subject") ? Text(root.GetProperty("subject"), "digest") : null;

    private static Descriptor ReadDescriptor(JsonElement element) => new()
    {
        MediaType = Text(element, "mediaType") ?? "",
        Digest = Text(element, "digest") ?? throw new FormatException("a descriptor has no digest"),
        Size = element.TryGetProperty("size", out JsonElement size) ? ReadSize(size) : 0,
        Platform = Has(element, "platform") ? ReadPlatform(element.GetProperty("platform")) : null,
        Annotations = Has(element, "annotations") ? ReadAnnotations(element.GetProperty("annotations")) : Descriptor.NoAnnotations,
    };

    private static long ReadSize(JsonElement element) => element.GetInt64() is >= -MaxBlobSize and <= MaxBlobSize and var size
        ? size
        : throw new FormatException($"a descriptor gives a size of {element.GetRawText()} bytes");

    /// <summary>A key that comes twice has the later value, as Go reads it.</summary>
    private static Dictionary<string, string> ReadAnnotations(JsonElement element)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty annotation in element.EnumerateObject().Where(one => one.Value.ValueKind == JsonValueKind.String))
        {
            annotations[annotation.Name] = annotation.Value.GetString()!;
        }

        return annotations;
    }

    private static bool Has(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind is JsonValueKind.Object or JsonValueKind.Array;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static CtrException Corrupt(Descriptor of, string fault, Exception? cause) =>
        new(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{of.Digest}' is damaged or not meant for containerd: {fault}", cause)
        {
            Target = of.Digest,
        };
}
