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

    /// <summary>Compares each manifest's layers with those that its config describes: an image in which they differ cannot be unpacked.</summary>
    public static async Task<IReadOnlyList<CtrBlobFault>> CompareAsync(ImageNode graph, IBlobSource source, CancellationToken cancellationToken)
    {
        var faults = new List<CtrBlobFault>();
        foreach (ImageNode manifest in graph.Manifests)
        {
            if (manifest.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType)
                || !manifest.Layers.All(layer => MediaTypes.IsLayer(layer.Descriptor.MediaType)))
            {
                continue;
            }

            string? fault;
            try
            {
                ReadOnlyMemory<byte> bytes = await source.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false);
                int described = ReadDiffIds(bytes, config.Descriptor)?.Count ?? 0;
                int layers = manifest.Layers.Count();
                fault = described == layers ? null : $"It describes {described} layers, and the manifest '{manifest.Descriptor.Digest}' has {layers}.";
            }
            catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing)
            {
                fault = e.Message;
            }

            if (fault is not null)
            {
                faults.Add(new CtrBlobFault
                {
                    Digest = config.Descriptor.Digest,
                    MediaType = config.Descriptor.MediaType,
                    Size = config.Descriptor.Size,
                    Status = CtrBlobStatus.Corrupt,
                    Platform = manifest.Platform,
                    ActualSize = config.StoredSize,
                    Reason = fault,
                    RecommendedAction = "Make the image again: no tool can unpack it.",
                });
            }
        }

        return faults;
    }
}
