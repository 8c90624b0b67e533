using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// Finds out size and platforms of images from their manifests. A document is read once per connection and kept: blobs never change. Whether
/// a blob is there is asked anew each time.
/// </summary>
internal sealed class ImageDescriber
{
    private readonly DocumentCache _documents = new();

    /// <summary>Describes one image.</summary>
    /// <param name="blobs">Its namespace.</param>
    /// <param name="target">What its record points to.</param>
    /// <param name="preferred">The platform whose size is wanted.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async ValueTask<ImageDescription> DescribeAsync(
        NamespaceBlobs blobs, Descriptor target, PlatformMatcher preferred, CancellationToken cancellationToken)
    {
        try
        {
            ImageNode root = await ReadAsync(blobs, target, cancellationToken).ConfigureAwait(false);
            (ImageNode? manifest, long? size) = ImageSummary.MeasuredOf(root, preferred);
            return new ImageDescription(
                size, ImageSummary.PlatformsOf(root), await CreatedAsync(blobs, manifest, cancellationToken).ConfigureAwait(false));
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageTooLarge)
        {
            // A listing goes on; Test-CtrImage tells what is wrong.
            return new ImageDescription(null, [], null);
        }
    }

    /// <summary>The image below a target.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageTooLarge"/>.</exception>
    public ValueTask<ImageNode> ReadAsync(NamespaceBlobs blobs, Descriptor target, CancellationToken cancellationToken) =>
        new ImageGraph(blobs, cancellationToken, _documents).ReadAsync(target);

    /// <summary>The digests of the configs of one image, for all platforms whose manifests are there.</summary>
    public async ValueTask<IReadOnlyList<string>> ConfigsAsync(NamespaceBlobs blobs, Descriptor target, CancellationToken cancellationToken)
    {
        try
        {
            ImageNode root = await ReadAsync(blobs, target, cancellationToken).ConfigureAwait(false);
            return [.. root.Manifests.Select(manifest => manifest.Config?.Descriptor.Digest).OfType<string>()];
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageTooLarge)
        {
            // No reason not to find another image.
            return [];
        }
    }

    /// <summary>The layers of one image, for all or some of the platforms whose manifests and configs are there.</summary>
    public async ValueTask<CtrImageKin> KinAsync(
        NamespaceBlobs blobs, ImageNode root, IReadOnlyList<CtrPlatform> platforms, CancellationToken cancellationToken)
    {
        var chains = new List<IReadOnlyList<string>>();
        var layers = new HashSet<string>(StringComparer.Ordinal);
        foreach (ImageNode manifest in root.Manifests.Where(manifest =>
            manifest is { IsSound: true, IsAttestation: false, IsFileSystem: true }
            && (platforms.Count == 0 || (manifest.Platform is { } own && platforms.Contains(own)))))
        {
            layers.UnionWith(manifest.Layers.Select(layer => layer.Descriptor.Digest));
            if (manifest.Config is not { IsSound: true, Descriptor: { } config })
            {
                continue;
            }

            try
            {
                if (await _documents.ReadLayersAsync(blobs, config, cancellationToken).ConfigureAwait(false) is { DiffIds: { Count: > 0 } chain })
                {
                    chains.Add(chain);
                }
            }
            catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
            {
                // Test-CtrImage tells: of what it was built nobody knows.
            }
        }

        return new CtrImageKin(root.Descriptor.Digest, chains, layers);
    }

    /// <summary>When a manifest's image was made, as its config says. Null where there is none, or it cannot be read.</summary>
    private async ValueTask<DateTimeOffset?> CreatedAsync(NamespaceBlobs blobs, ImageNode? manifest, CancellationToken cancellationToken)
    {
        if (manifest?.Config is not { IsSound: true, Descriptor: { } config } || !MediaTypes.IsImageConfig(config.MediaType))
        {
            return null;
        }

        try
        {
            return (await _documents.ReadConfigAsync(blobs, config, cancellationToken).ConfigureAwait(false)).Created;
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            return null; // Test-CtrImage tells
        }
    }
}

/// <param name="Size">Bytes; null where the manifest for the preferred platform is not there.</param>
/// <param name="Platforms">All platforms, attestations among them.</param>
/// <param name="Created">When the image was built for the preferred platform. Null where that is not known.</param>
internal sealed record ImageDescription(long? Size, IReadOnlyList<CtrImagePlatform> Platforms, DateTimeOffset? Created);
