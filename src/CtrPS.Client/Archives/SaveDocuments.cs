using System.Text.Encodings.Web;
using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>The documents that say what is in an archive.</summary>
internal static class SaveDocuments
{
    /// <summary>In index.json of an archive without the layers that its receiver has.</summary>
    public const string DeltaKey = "io.ctrps.bundle.delta";

    /// <summary>The full name; containerd reads and writes it.</summary>
    private const string ImageNameKey = "io.containerd.image.name";

    /// <summary>The name within the layout (image-spec, annotations.md): the tag.</summary>
    private const string ReferenceNameKey = "org.opencontainers.image.ref.name";

    // No escapes for '+' and the like: the document stands in a file, not in a web page.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>oci-layout.</summary>
    public static byte[] Layout => """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray();

    /// <summary>index.json: one descriptor per name.</summary>
    public static byte[] Index(IReadOnlyList<SavedImage> images, bool isDelta) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 2);
        json.WriteString("mediaType", MediaTypes.OciIndex);
        json.WriteStartArray("manifests");
        foreach (SavedImage image in images)
        {
            json.WriteStartObject();
            json.WriteString("mediaType", image.Target.MediaType);
            json.WriteString("digest", image.Target.Digest);
            json.WriteNumber("size", image.Target.Size);
            var annotations = new SortedDictionary<string, string>(image.SourceLabels.ToDictionary(), StringComparer.Ordinal)
            {
                [ImageNameKey] = image.Name,
                [ReferenceNameKey] = ReferenceName(image.Name),
            };
            WriteMap(json, "annotations", annotations);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (isDelta)
        {
            WriteMap(json, "annotations", new SortedDictionary<string, string> { [DeltaKey] = "true" });
        }

        json.WriteEndObject();
    });

    /// <summary>manifest.json: one entry per manifest, with all its tags. Null where no image can be said in it.</summary>
    public static byte[]? DockerManifest(IReadOnlyList<SavedImage> images)
    {
        var entries = images
            .Select(image => (image.Name, Manifest: image.DockerManifest))
            .Where(image => image.Manifest is not null)
            .GroupBy(image => image.Manifest!.Descriptor.Digest, StringComparer.Ordinal)
            .ToList();
        return entries.Count == 0 ? null : Write(json =>
        {
            json.WriteStartArray();
            foreach (IGrouping<string, (string Name, ImageNode? Manifest)> entry in entries)
            {
                ImageNode manifest = entry.First().Manifest!;
                string[] tags = entry.Select(image => RepositoryTag(image.Name)).OfType<string>().Distinct().ToArray();
                json.WriteStartObject();
                json.WriteString("Config", TarSink.NameOf(manifest.Config!.Descriptor));
                if (tags.Length == 0)
                {
                    json.WriteNull("RepoTags");
                }
                else
                {
                    WriteArray(json, "RepoTags", tags);
                }

                WriteArray(json, "Layers", manifest.Layers.Select(layer => TarSink.NameOf(layer.Descriptor)));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    /// <summary>The tag, or <c>@digest</c>, or both, as containerd's exporter has it; a name that is no full reference is its own.</summary>
    internal static string ReferenceName(string name) =>
        CtrImageReference.TryParse(name, out CtrImageReference? reference) && reference.ToString() == name
            ? reference.Tag + (reference.Digest is null ? "" : "@" + reference.Digest)
            : name;

    /// <summary>docker's short form. Null where the name has no tag, or a digest, which docker load refuses.</summary>
    private static string? RepositoryTag(string name) =>
        CtrImageReference.TryParse(name, out CtrImageReference? reference) && reference is { Tag: not null, Digest: null }
            ? reference.FamiliarName
            : null;

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            write(json);
        }

        return buffer.ToArray();
    }

    private static void WriteMap(Utf8JsonWriter json, string name, SortedDictionary<string, string> map)
    {
        json.WriteStartObject(name);
        foreach ((string key, string value) in map)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
