using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// Manifests, indexes and configs that are changed: what nobody here knows stays as it is, and the same content has the same bytes.
/// </summary>
internal static class ImageJson
{
    /// <summary>Annotations of a layer that tell where in its stored bytes something is: they are those of that blob alone.</summary>
    private static readonly string[] OfStoredBytes =
        ["containerd.io/snapshot/stargz/", "io.containers.estargz.", "io.github.containers.zstd-chunked.", "io.containers.zstd-chunked."];

    /// <summary>Reads a document to change.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: no JSON object, or a key comes twice in one.</exception>
    public static JsonObject Parse(ReadOnlyMemory<byte> bytes, Descriptor of)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return JsonObject.Create(document.RootElement.Clone()) ?? throw new FormatException("it is no object");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw Corrupt(of, e);
        }
    }

    /// <summary>Does what changes a document: what is of another kind than specified is a damaged blob.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static T Change<T>(Descriptor of, Func<T> change)
    {
        try
        {
            return change();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw Corrupt(of, e);
        }
    }

    /// <summary>The bytes of a document, on one line.</summary>
    public static byte[] Write(JsonObject document)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            document.WriteTo(writer);
        }

        return bytes.ToArray();
    }

    /// <summary>A descriptor.</summary>
    public static JsonObject Of(Descriptor blob) =>
        new() { ["mediaType"] = blob.MediaType, ["digest"] = blob.Digest, ["size"] = blob.Size };

    /// <summary>The descriptor of another blob in the place of one, with what else the document says of it as far as that still fits.</summary>
    public static JsonObject Replace(JsonObject old, Descriptor now)
    {
        var made = (JsonObject)old.DeepClone();
        bool isSame = old["digest"] is JsonValue value && value.TryGetValue(out string? digest) && digest == now.Digest;
        made["mediaType"] = now.MediaType;
        made["digest"] = now.Digest;
        made["size"] = now.Size;
        if (!isSame)
        {
            _ = made.Remove("data"); // the old bytes themselves
            _ = made.Remove("urls"); // where the old bytes are
            foreach (string key in (made["annotations"] as JsonObject)?.Select(one => one.Key)
                .Where(key => OfStoredBytes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))).ToArray() ?? [])
            {
                _ = made["annotations"]!.AsObject().Remove(key);
            }

            if (made["annotations"] is JsonObject { Count: 0 })
            {
                _ = made.Remove("annotations");
            }
        }

        return made;
    }

    private static CtrException Corrupt(Descriptor of, Exception cause) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The blob '{of.Digest}' cannot be read as JSON of the media type '{ForeignText.Show(of.MediaType)}': {cause.Message}",
        cause)
    {
        Target = of.Digest,
    };
}
