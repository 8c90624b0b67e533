using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>What an image has for one platform: a manifest of a file system, and its config.</summary>
/// <param name="Image">The image.</param>
/// <param name="Manifest">The manifest; its layers may be missing.</param>
/// <param name="ConfigBytes">The config.</param>
internal sealed record PlatformImage(CtrImage Image, ImageNode Manifest, ReadOnlyMemory<byte> ConfigBytes)
{
    /// <summary>Where the config is.</summary>
    public Descriptor ConfigBlob => Manifest.Config!.Descriptor;

    /// <summary>What unpacking needs of the config.</summary>
    public ImageConfig Config => field ??= ImageConfig.Parse(ConfigBytes, ConfigBlob);

    /// <summary>What the config says.</summary>
    public CtrImageConfig Settings => field ??= ImageConfigDocument.Parse(ConfigBytes, ConfigBlob);

    /// <summary>The manifest that an image has for a platform.</summary>
    /// <param name="source">The image's namespace.</param>
    /// <param name="image">The image.</param>
    /// <param name="platform">The platform that the image must be for.</param>
    /// <param name="wayOut">What to do where it is for none such. Null: nothing.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>.
    /// </exception>
    public static async Task<ImageNode> FindAsync(ImageSource source, CtrImage image, CtrPlatform platform, string? wayOut)
    {
        ImageNode root = await source.ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        ImageNode manifest = ImageSelection.Best(root, PlatformMatcher.Only(platform), checkRoot: true)
            ?? throw NotFor(root, image, platform, wayOut);
        Require(manifest, image);
        return manifest;
    }

    /// <summary>
    /// The manifest that an image has for the platform of the daemon; where it has none, the first that is here: it is to be looked at, not run.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static async Task<ImageNode> FindAnyAsync(ImageSource source, CtrImage image, CancellationToken cancellationToken)
    {
        CtrPlatform host = await source.Connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        ImageNode root = await source.ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        ImageNode? best = ImageSelection.Best(root, PlatformMatcher.Only(host), checkRoot: false);
        ImageNode manifest = best is { IsSound: true } ? best
            : root.Manifests.FirstOrDefault(one => one is { IsSound: true, IsAttestation: false }) ?? best ?? root;
        Require(manifest, image);
        return manifest.Kind == ImageNodeKind.Manifest ? manifest : throw NotFor(root, image, host, null);
    }

    /// <summary>Reads the config of a manifest.</summary>
    /// <param name="source">The image's namespace.</param>
    /// <param name="image">The image.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="cannot">What an artifact cannot or does not: "cannot be run".</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidArgument"/> for an artifact; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>.
    /// </exception>
    public static async Task<PlatformImage> ReadAsync(
        ImageSource source, CtrImage image, ImageNode manifest, string cannot, CancellationToken cancellationToken)
    {
        if (manifest.Kind != ImageNodeKind.Manifest || !manifest.IsFileSystem)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The image '{image.Name}' {cannot}: it is an artifact, not a file system with layers.")
            {
                Target = image.Name,
            };
        }

        Require(manifest.Config!, image);
        return new PlatformImage(
            image, manifest, await source.ReadAsync(manifest.Config!.Descriptor, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>That a blob is there, and nothing is known against it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static void Require(ImageNode node, CtrImage image)
    {
        if (!node.IsSound)
        {
            throw node.Fault ?? new CtrException(
                CtrErrorIds.BlobMissing,
                CtrStatus.NotFound,
                $"The blob '{node.Descriptor.Digest}' of image '{image.Name}' is not in namespace '{image.Namespace}'.")
            {
                Target = node.Descriptor.Digest,
                RecommendedAction = "Get it with Repair-CtrImage, or import the image again.",
            };
        }
    }

    /// <summary>The error for an image that has nothing for a platform.</summary>
    public static CtrException NotFor(ImageNode root, CtrImage image, CtrPlatform platform, string? wayOut)
    {
        string[] offered =
        [
            .. root.Manifests.Where(manifest => !manifest.IsAttestation)
                .Select(manifest => manifest.Platform?.ToString())
                .OfType<string>()
                .Distinct(),
        ];
        return new CtrException(
            CtrErrorIds.PlatformNotFound,
            CtrStatus.NotFound,
            $"The image '{image.Name}' has nothing for {platform}{(offered.Length == 0 ? "" : $"; it is for {string.Join(", ", offered)}")}.")
        {
            Target = image.Name,
            RecommendedAction = wayOut,
        };
    }
}
