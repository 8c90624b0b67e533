using System.Collections.Concurrent;

namespace CtrPS.Client.Oci;

/// <summary>
/// Keeps what manifests, indexes and configs say: blobs never change, so what was read once is right for as long as the blob is there. For listings:
/// who checks or moves an image reads its bytes.
/// </summary>
internal sealed class DocumentCache
{
    private readonly ConcurrentDictionary<(string Digest, string MediaType), ManifestDocument> _documents = new();
    private readonly ConcurrentDictionary<string, CtrPlatform> _platforms = new(StringComparer.Ordinal);

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

    /// <summary>The platform in a config. Null where it names none.</summary>
    public async ValueTask<CtrPlatform?> ReadPlatformAsync(IBlobSource source, Descriptor config, CancellationToken cancellationToken)
    {
        if (!_platforms.TryGetValue(config.Digest, out CtrPlatform? platform))
        {
            platform = ManifestDocument.ParseConfigPlatform(await source.ReadAsync(config, cancellationToken).ConfigureAwait(false), config);
            if (platform is not null)
            {
                _platforms[config.Digest] = platform;
            }
        }

        return platform;
    }
}
