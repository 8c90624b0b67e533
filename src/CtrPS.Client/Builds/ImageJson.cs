using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// Manifests, indexes and configs that are changed: what nobody here knows stays as it is, and the same content has the same bytes.
/// </summary>
internal static class ImageJson
{
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

    private static CtrException Corrupt(Descriptor of, Exception cause) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The blob '{of.Digest}' cannot be read as JSON of the media type '{ForeignText.Show(of.MediaType)}': {cause.Message}",
        cause)
    {
        Target = of.Digest,
    };
}
