using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>What is in the way of saving an image, in words.</summary>
internal static class SaveFaults
{
    public static CtrException Missing(SavedImage image, ImageNode node, MissingCause cause)
    {
        string why = cause switch
        {
            MissingCause.DiscardedAfterUnpack => "It was discarded after unpack: its snapshot is there, so the image runs, but the layer's bytes were dropped (discard_unpacked_layers) or never fetched.",
            _ => "It was never fetched.",
        };
        return new CtrException(CtrErrorIds.BlobMissing, CtrStatus.NotFound, $"{Cannot(image)}: {Describe(image, node)} is not in {image.Source.Blobs.Words}. {why}")
        {
            Target = node.Descriptor.Digest,
            RecommendedAction = cause == MissingCause.DiscardedAfterUnpack
                ? "Bring the layer back with Repair-CtrImage -From an archive, a namespace or a session that has it, or pull the image with a client that keeps layers."
                : "Pull the image for that platform, bring the blob with Repair-CtrImage -From an archive, a namespace or a session that has it, or use -Platform Available or a list of platforms to leave it out.",
        };
    }

    public static CtrException Damaged(SavedImage image, ImageNode node, CtrException fault) =>
        new(fault.ErrorId, fault.Status, $"{Cannot(image)}: {Describe(image, node)} is lost on disk or damaged. {fault.Message}", fault)
        {
            Target = node.Descriptor.Digest,
            RecommendedAction = "Mend it with Repair-CtrImage -From an archive, a namespace or a session that has it whole, or remove the image and pull it again.",
        };

    public static CtrException NoPlatform(SavedImage image, CtrPlatform platform)
    {
        string[] has = [.. image.Selection.Platforms.Select(one => one.ToString()).Distinct()];
        return new CtrException(
            CtrErrorIds.PlatformNotFound,
            CtrStatus.NotFound,
            $"{Cannot(image)}: it is not for {platform}, {(has.Length == 0 ? "nor for any platform that its config names" : $"but for {string.Join(", ", has)}")}.")
        {
            Target = image.Name,
            RecommendedAction = "Name platforms that it has, or use -Platform Available.",
        };
    }

    public static CtrException NotForDocker(SavedImage image) => new(
        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"{Cannot(image)} in docker's format, which knows only images with a config and all their layers. It is an artifact, or layers are left out.")
    {
        Target = image.Name,
        RecommendedAction = "Use -Format Oci or Both.",
    };

    /// <summary>The bytes that came are not the blob's.</summary>
    public static CtrException Corrupt(SavedImage image, ImageNode node, string actualDigest, long actualSize) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"{Cannot(image)}: {Describe(image, node)} is corrupt in {image.Source.Blobs.Words}. {(actualSize == node.Descriptor.Size ? $"Its bytes hash to {actualDigest}." : $"{actualSize} bytes came, not {node.Descriptor.Size}.")}")
    {
        Target = node.Descriptor.Digest,
        RecommendedAction = "Mend it with Repair-CtrImage -From an archive, a namespace or a session that has it whole, or remove the image and pull it again.",
    };

    private static string Cannot(SavedImage image) => $"The image '{image.Name}' of namespace '{image.Source.Namespace}' cannot be saved";

    /// <summary>A blob in words: <c>the layer 'sha256:…' (media type, 123 bytes) for linux/arm64</c>.</summary>
    private static string Describe(SavedImage image, ImageNode node)
    {
        Descriptor blob = node.Descriptor;
        ImageNode? manifest = node.Kind == ImageNodeKind.Manifest ? node : image.ManifestOf(node);
        string platform = manifest is { IsAttestation: true } ? " of an attestation" : manifest?.Platform is { } known ? $" for {known}" : "";
        return $"the {node.Kind switch
        {
            ImageNodeKind.Index => "index",
            ImageNodeKind.Manifest => "manifest",
            ImageNodeKind.Config => "config",
            ImageNodeKind.Layer => "layer",
            _ => "blob",
        }} '{blob.Digest}' ({(blob.MediaType.Length == 0 ? "no media type" : blob.MediaType)}, {blob.Size} bytes){platform}";
    }
}
