namespace CtrPS.Client.Oci;

/// <summary>
/// What can be wrong with a blob of an image, in words: which blob of what type and platform, what is wrong with it where, the probable cause,
/// and the way out. All that checks or moves images words its faults here.
/// </summary>
internal static class BlobFaults
{
    /// <summary>What can be done about an image that was made wrong.</summary>
    public const string NoWayOut = "The image was made so: get it from where it was built, or build it anew.";

    /// <summary>The fault of a node that the graph found missing or damaged.</summary>
    /// <param name="node">The blob.</param>
    /// <param name="manifest">The manifest that it is of. Null: it is an index.</param>
    /// <param name="source">Where it should be.</param>
    /// <param name="cancellationToken">Ends the looking for a cause.</param>
    public static async ValueTask<CtrBlobFault> OfAsync(
        ImageNode node, ImageNode? manifest, IBlobSource source, CancellationToken cancellationToken) =>
        node.Fault is { } fault
            ? Damaged(node, manifest, source, fault)
            : Missing(node, manifest, source, await source.FindCauseAsync(node, manifest, cancellationToken).ConfigureAwait(false));

    /// <summary>Not there.</summary>
    public static CtrBlobFault Missing(ImageNode node, ImageNode? manifest, IBlobSource source, MissingCause cause)
    {
        const string OrRepair = "bring the blob with Repair-CtrImage -From an archive, a namespace or a session that has it";
        (string reason, string action) = cause switch
        {
            MissingCause.DiscardedAfterUnpack => (
                $"is not in {source.Words}. It was discarded after unpack: its snapshot is there, so the image runs, "
                    + "but cannot be saved, copied or pushed as it is. "
                    + "The layer's bytes were dropped (discard_unpacked_layers) or never fetched.",
                "Make the layer anew with -FromSnapshot of Save-, Copy-, Send- or Repair-CtrImage, bring it back with Repair-CtrImage -From an "
                    + "archive, a namespace or a session that has it, or pull the image with a client that keeps layers."),
            MissingCause.NeverFetched => (
                $"is not in {source.Words}. It was never fetched.",
                $"Pull the image for that platform, {OrRepair}, or leave the platform out (-Platform Available, or a list of platforms)."),
            MissingCause.LeftOut => (
                $"is not in {source.Words}: the index names it, and the archive leaves it out.",
                "Save the image again with this platform, if it is needed."),
            MissingCause.CutOff => (
                $"is absent: the image needs it, and it is not in {source.Words}, which ends without an end mark: it may be cut off.",
                WayOut(source)),
            MissingCause.NotHereEither => (
                $"is absent: it is not in {source.Words}, and the namespace has no such blob either.",
                "Save the image again where it is whole. "
                    + "A delta bundle needs the inventory of this very node: make it anew with Export-CtrInventory."),
            _ => ($"is absent: the image needs it, and it is not in {source.Words}.", WayOut(source)),
        };
        return Make(node, manifest, CtrBlobStatus.Missing, reason, action);
    }

    /// <summary>There, but not to be used: its bytes cannot be read, or are not what they should be.</summary>
    public static CtrBlobFault Damaged(ImageNode node, ImageNode? manifest, IBlobSource source, CtrException cause) => Make(
        node,
        manifest,
        cause.ErrorId == CtrErrorIds.BlobCorrupt ? CtrBlobStatus.Corrupt : CtrBlobStatus.Unreadable,
        cause.ErrorId == CtrErrorIds.BlobMissing ? $"is known in {source.Words}, but its bytes are gone from the disk."
            : source.Place == BlobPlace.Namespace && cause.ErrorId != CtrErrorIds.ImageTooLarge ? $"is lost on disk or damaged. {cause.Message}"
            : $"cannot be used. {cause.Message}",
        cause.RecommendedAction ?? WayOut(source));

    /// <summary>Read to its end, and not what it should be.</summary>
    public static CtrBlobFault WrongBytes(ImageNode node, ImageNode? manifest, IBlobSource source, string actualDigest, long actualSize) => Make(
        node,
        manifest,
        CtrBlobStatus.Corrupt,
        $"is corrupt in {source.Words}. "
            + (actualSize == node.Descriptor.Size ? "Its" : $"It has {actualSize} bytes, not {node.Descriptor.Size}, and its")
            + $" bytes hash to {actualDigest}.",
        WayOut(source)).With(copy =>
    {
        copy.ActualDigest = actualDigest;
        copy.ActualSize = actualSize;
    });

    /// <summary>The digest is none: there can be no such blob.</summary>
    public static CtrBlobFault NoDigest(ImageNode node, ImageNode? manifest) =>
        Make(node, manifest, CtrBlobStatus.Corrupt, "cannot be found: that is not a digest of a known algorithm.", NoWayOut);

    /// <summary>The bytes are right, the image is wrong: no repair helps.</summary>
    public static CtrBlobFault Inconsistent(ImageNode node, ImageNode? manifest, string reason) =>
        Make(node, manifest, CtrBlobStatus.Corrupt, reason, NoWayOut).With(copy =>
        {
            copy.ActualDigest = node.Descriptor.Digest;
            copy.ActualSize = node.StoredSize;
        });

    /// <summary>The error of something that cannot be done because of a fault.</summary>
    /// <param name="cannot">What cannot be done, without a full stop: <c>The image 'x' of namespace 'y' cannot be saved</c>.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="cause">What brought it to light. Null: nothing was thrown.</param>
    public static CtrException Refuse(string cannot, CtrBlobFault fault, CtrException? cause = null)
    {
        bool isMissing = fault.Status == CtrBlobStatus.Missing;
        return new CtrException(
            cause?.ErrorId ?? (isMissing ? CtrErrorIds.BlobMissing : CtrErrorIds.BlobCorrupt),
            cause?.Status ?? (isMissing ? CtrStatus.NotFound : CtrStatus.DataLoss),
            $"{cannot}: {char.ToLowerInvariant(fault.Reason[0])}{fault.Reason[1..]}",
            cause)
        {
            Target = fault.Digest,
            RecommendedAction = fault.RecommendedAction,
        };
    }

    /// <summary>The error of something that cannot be done because of faults: the first in the message, all of them in the details.</summary>
    public static CtrException Refuse(string cannot, IReadOnlyList<CtrBlobFault> faults)
    {
        CtrException first = Refuse(cannot, faults[0]);
        string others = faults.Count > 1 ? $" {faults.Count - 1} more of its blobs are missing or damaged." : "";
        return new CtrException(first.ErrorId, first.Status, first.Message + others)
        {
            Target = first.Target,
            RecommendedAction = first.RecommendedAction,
            Details = faults.Select(fault => fault.Reason).ToArray(),
        };
    }

    /// <summary>The error of a platform that an image does not have.</summary>
    /// <param name="cannot">What cannot be done, without a full stop.</param>
    /// <param name="selection">What was found of the image.</param>
    /// <param name="wanted">The platform.</param>
    /// <param name="target">The image's name.</param>
    public static CtrException NoPlatform(string cannot, ImageSelection selection, CtrPlatform wanted, string target)
    {
        string has = Words(selection.AllImages);
        string whole = Words(selection.AllImages.Where(image => image.IsWhole));
        string offered = has.Length == 0 ? "nor for any platform that its config names" : $"but for {has}";
        return new CtrException(
            CtrErrorIds.PlatformNotFound,
            CtrStatus.NotFound,
            $"{cannot}: it is not for {wanted}, {offered}{(whole.Length == 0 ? ", none of it whole" : $"; whole are {whole}")}.")
        {
            Target = target,
            RecommendedAction = whole.Length == 0 ? null : "Name platforms that it has with -Platform, or take all that are whole.",
        };

        static string Words(IEnumerable<ImageNode> images) =>
            string.Join(", ", images.Select(image => image.Platform?.ToString()).OfType<string>().Distinct());
    }

    /// <summary>A blob in words: <c>the layer 'sha256:…' (media type, 123 bytes) for linux/arm64</c>.</summary>
    private static string Words(ImageNode node, ImageNode? manifest)
    {
        Descriptor blob = node.Descriptor;
        string what = node.Kind switch
        {
            ImageNodeKind.Index => "index",
            ImageNodeKind.Manifest => "manifest",
            ImageNodeKind.Config => "config",
            ImageNodeKind.Layer => "layer",
            _ => "blob",
        };
        string platform = manifest is { IsAttestation: true } ? " of an attestation" : manifest?.Platform is { } known ? $" for {known}" : "";
        return $"The {what} '{blob.Digest}' ({(blob.MediaType.Length == 0 ? "no media type" : blob.MediaType)}, {blob.Size} bytes){platform}";
    }

    /// <summary>What to do about a blob that is missing or damaged where nothing more is known.</summary>
    public static string WayOut(IBlobSource source) => source.Place switch
    {
        BlobPlace.Archive => "Fetch the archive again and compare its checksum with that of the original, or save the image again. "
            + "Test-CtrArchive tells all that is damaged.",
        BlobPlace.Registry => "Push the image again from where it is whole, or take it from another registry.",
        _ => "Mend it with Repair-CtrImage -From an archive, a namespace or a session that has it whole, or remove the image and pull it again.",
    };

    private static CtrBlobFault Make(ImageNode node, ImageNode? manifest, CtrBlobStatus status, string reason, string action) => new()
    {
        Digest = node.Descriptor.Digest,
        MediaType = node.Descriptor.MediaType,
        Size = node.Descriptor.Size,
        Status = status,
        Platform = manifest?.Platform?.ToString(),
        ActualSize = node.StoredSize,
        Reason = $"{Words(node, manifest)} {reason}",
        RecommendedAction = action,
    };
}
