using CtrPS.Client.Archives;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>What can be wrong with a blob of an image, in words.</summary>
internal static class BlobFaults
{
    private const string Mend = "Mend it with Repair-CtrImage -From an archive, a namespace or a session that has it whole, or remove the image and pull it again.";

    public static CtrBlobFault Missing(ImageNode node, CtrPlatform? platform, string where, MissingCause cause) => Make(
        node,
        platform,
        CtrBlobStatus.Missing,
        cause == MissingCause.DiscardedAfterUnpack
            ? $"is not in {where}. Its snapshot is there: the layer was discarded after it was unpacked (discard_unpacked_layers), or never fetched."
            : $"is not in {where}. It was never fetched.",
        cause == MissingCause.DiscardedAfterUnpack
            ? "The image runs, but cannot be saved, copied or pushed. Bring the layer with Repair-CtrImage -From an archive, a namespace or a session that has it."
            : "Pull the image, or bring the blob with Repair-CtrImage -From an archive, a namespace or a session that has it.");

    /// <summary>There by the metadata, but its bytes are not to be had.</summary>
    public static CtrBlobFault Unreadable(ImageNode node, CtrPlatform? platform, string where, CtrException cause) => Make(
        node,
        platform,
        CtrBlobStatus.Unreadable,
        cause.ErrorId == CtrErrorIds.BlobMissing ? $"is known in {where}, but its bytes are gone from the disk." : $"cannot be read in {where}: {cause.Message}",
        Mend);

    /// <summary>Read to its end, and not what it should be.</summary>
    public static CtrBlobFault WrongBytes(ImageNode node, CtrPlatform? platform, string where, BlobReading reading) => Make(
        node,
        platform,
        CtrBlobStatus.Corrupt,
        reading.Size != node.Descriptor.Size
            ? $"has {reading.Size} bytes in {where}, not {node.Descriptor.Size}."
            : $"is corrupt in {where}: its bytes hash to {reading.Digest}.",
        Mend) with
    {
        ActualDigest = reading.Digest,
        ActualSize = reading.Size,
    };

    /// <summary>Not what it should be, as told.</summary>
    public static CtrBlobFault Corrupt(ImageNode node, CtrPlatform? platform, string reason) => Make(node, platform, CtrBlobStatus.Corrupt, reason, Mend) with
    {
        ActualSize = node.StoredSize,
    };

    /// <summary>The bytes are right, the image is wrong: no repair helps.</summary>
    public static CtrBlobFault Inconsistent(ImageNode node, CtrPlatform? platform, string reason) => Make(
        node, platform, CtrBlobStatus.Corrupt, reason, "The image was made so: get it from where it was built, or build it anew.") with
    {
        ActualDigest = node.Descriptor.Digest,
        ActualSize = node.Descriptor.Size,
    };

    /// <summary>A blob in words: <c>the layer 'sha256:…'</c>.</summary>
    public static string Words(ImageNode node) => $"{node.Kind switch
    {
        ImageNodeKind.Index => "index",
        ImageNodeKind.Manifest => "manifest",
        ImageNodeKind.Config => "config",
        ImageNodeKind.Layer => "layer",
        _ => "blob",
    }} '{node.Descriptor.Digest}'";

    private static CtrBlobFault Make(ImageNode node, CtrPlatform? platform, CtrBlobStatus status, string reason, string action) => new()
    {
        Digest = node.Descriptor.Digest,
        MediaType = node.Descriptor.MediaType,
        Size = node.Descriptor.Size,
        Status = status,
        Platform = platform,
        Reason = $"The {Words(node)} {reason}",
        RecommendedAction = action,
    };
}
