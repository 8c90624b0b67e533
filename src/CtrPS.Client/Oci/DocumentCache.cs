using System.Collections.Concurrent;

namespace CtrPS.Client.Oci;

/// <summary>
/// Keeps what manifests, indexes and configs say: blobs never change, so what was read once is right for as long as the blob is there. For listings:
/// who checks or moves an image reads its bytes.
/// </summary>
internal sealed class DocumentCache
{
    private readonly ConcurrentDictionary<(string Digest, string MediaType), ManifestDocument> _documents = new();
    private readonly ConcurrentDictionary<string, ConfigSummary> _configs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImageConfig> _chains = new(StringComparer.Ordinal);

    /// <summary>A manifest or an index.</summary>
    public async ValueTask<ManifestDocument> ReadAsync(IBlobSource source, Descriptor blob, CancellationToken cancellationToken)
    {
        if (!_documents.TryGetValue((blob.Digest, blob.MediaType), out ManifestDocument? document))
        {
            document = ManifestDocument.Parse(await source.ReadAsync(blob, cancellationToken).ConfigureAwait(false), blob);
            _documents[(blob.Digest, blob.MediaType)] = document;
        }

        return document;
    }

    /// <summary>What a config says at a glance.</summary>
    public async ValueTask<ConfigSummary> ReadConfigAsync(IBlobSource source, Descriptor config, CancellationToken cancellationToken)
    {
        if (!_configs.TryGetValue(config.Digest, out ConfigSummary? summary))
        {
            summary = ImageConfigDocument.ParseSummary(await source.ReadAsync(config, cancellationToken).ConfigureAwait(false), config);
            _configs[config.Digest] = summary;
        }

        return summary;
    }

    /// <summary>The unpacked layers that a config names.</summary>
    public async ValueTask<ImageConfig> ReadLayersAsync(IBlobSource source, Descriptor config, CancellationToken cancellationToken)
    {
        if (!_chains.TryGetValue(config.Digest, out ImageConfig? layers))
        {
            layers = ImageConfig.Parse(await source.ReadAsync(config, cancellationToken).ConfigureAwait(false), config);
            _chains[config.Digest] = layers;
        }

        return layers;
    }
}
