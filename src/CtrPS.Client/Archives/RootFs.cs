using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>The root file system that an image config describes.</summary>
internal static class RootFs
{
    /// <summary>The digests of the uncompressed layers, bottom first. Null where the config describes none.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: it is no config of an image.</exception>
    public static IReadOnlyList<string>? ReadDiffIds(ReadOnlyMemory<byte> config, Descriptor of)
    {
        try
        {
            using var document = JsonDocument.Parse(config);
            return document.RootElement.TryGetProperty("rootfs", out JsonElement rootfs) && rootfs.ValueKind == JsonValueKind.Object
                && rootfs.TryGetProperty("diff_ids", out JsonElement ids) && ids.ValueKind == JsonValueKind.Array
                ? [.. ids.EnumerateArray().Select(id => id.GetString() ?? "")]
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{of.Digest}' cannot be read as the config of an image: {e.Message}", e)
            {
                Target = of.Digest,
            };
        }
    }
}
