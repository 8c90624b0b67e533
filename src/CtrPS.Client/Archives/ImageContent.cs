using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>What the graph of an image in an archive says about it: size, platforms, blobs, and what is wrong with them.</summary>
internal static class ImageContent
{
    /// <summary>The platforms, in the order of the index, attestations among them.</summary>
    public static CtrImagePlatform[] PlatformsOf(ImageNode graph) =>
    [
        .. graph.Manifests.Where(manifest => manifest.Platform is not null).Select(manifest =>
            new CtrImagePlatform(manifest.Platform!.Os, manifest.Platform.Architecture, manifest.Platform.Variant, manifest.Platform.OsVersion)
            {
                Digest = manifest.Descriptor.Digest,
                Size = manifest.Children.Count == 0 ? null : OwnSize(manifest),
                IsComplete = manifest.IsWhole,
                IsAttestation = manifest.IsAttestation,
            }),
    ];

    /// <summary>The size that <see cref="CtrImage.Size"/> has for the same image. Null where the manifest that counts is not there.</summary>
    public static long? SizeOf(ImageNode graph, PlatformMatcher preferred)
    {
        var candidates = WithSizeAbove(graph, 0).ToList();
        (ImageNode? manifest, long above) = graph.Kind != ImageNodeKind.Index
            ? candidates.FirstOrDefault()
            : candidates
                .Select(candidate => (
                    Candidate: candidate,
                    Rank: candidate.Manifest.Descriptor.Platform is { } platform ? preferred.Rank(platform) : int.MaxValue))
                .Where(ranked => ranked.Rank is not null)
                .OrderBy(ranked => ranked.Rank)
                .FirstOrDefault().Candidate;
        return manifest is null or { Children.Count: 0 } ? null : above + OwnSize(manifest);
    }

    /// <summary>
    /// The blobs of an image, each once. Manifests that an index names and the archive does not hold are left out with all below them, as savers
    /// do with platforms that are not asked for; unless they are all that there is.
    /// </summary>
    public static IReadOnlyList<ImageNode> BlobsOf(ImageNode graph, bool leftOutToo) => [.. Blobs(graph, leftOutToo).Select(blob => blob.Node)];

    /// <summary>What is wrong with the blobs of an image.</summary>
    /// <param name="graph">The image.</param>
    /// <param name="archive">Where it lies.</param>
    /// <param name="hashed">What the blobs were found to hash to. Null: they were not read.</param>
    /// <param name="leftOutToo">Count platforms that the archive leaves out.</param>
    public static CtrBlobFault[] FaultsOf(ImageNode graph, ArchiveReader archive, IReadOnlyDictionary<string, HashedBlob>? hashed, bool leftOutToo) =>
        [
        .. Blobs(graph, leftOutToo)
            .Select(blob => FaultOf(blob, archive, hashed?.GetValueOrDefault(blob.Node.Descriptor.Digest)))
            .OfType<CtrBlobFault>(),
    ];

    private static CtrBlobFault? FaultOf(Blob blob, ArchiveReader archive, HashedBlob? hashed)
    {
        Descriptor descriptor = blob.Node.Descriptor;
        (CtrBlobStatus status, string reason, string action)? found = Judge(blob, archive, hashed);
        return found is not { } fault ? null : new CtrBlobFault
        {
            Digest = descriptor.Digest,
            MediaType = descriptor.MediaType,
            Size = descriptor.Size,
            Status = fault.status,
            Platform = blob.Platform,
            ActualDigest = hashed?.Digest,
            ActualSize = blob.Node.StoredSize,
            Reason = fault.reason,
            RecommendedAction = fault.action,
        };
    }

    private static (CtrBlobStatus Status, string Reason, string Action)? Judge(Blob blob, ArchiveReader archive, HashedBlob? hashed)
    {
        const string Again = "Fetch the archive again and compare its checksum with that of the original, or save the image again.";
        const string WithPlatform = "Save the image again with this platform, if it is needed.";
        string digest = blob.Node.Descriptor.Digest;
        if (!Digests.IsValid(digest))
        {
            return (CtrBlobStatus.Corrupt, $"'{digest}' is not a digest of a known algorithm.", "Make the image again: no tool can find this blob.");
        }

        if (blob.Node.StoredSize is null)
        {
            string mark = archive.EndMarked ? "" : ", which ends without an end mark: it may be cut off";
            return blob.IsLeftOut
                ? (CtrBlobStatus.Missing, $"The index names it{For(blob)}, and the archive leaves it out.", WithPlatform)
                : (CtrBlobStatus.Missing, $"The image needs it{For(blob)}, and it is not in the archive{mark}.", Again);
        }

        if (hashed?.Error is { } error)
        {
            return (CtrBlobStatus.Unreadable, error.Message, error.RecommendedAction ?? Again);
        }

        if (hashed?.Digest is { } actual && actual != digest)
        {
            return (CtrBlobStatus.Corrupt, $"Its bytes hash to {actual}.", Again);
        }

        return blob.Node.Fault is { } fault ? (CtrBlobStatus.Corrupt, fault.Message, fault.RecommendedAction ?? Again) : null;
    }

    private static string For(Blob blob) => blob.Platform is null ? "" : $" for {blob.Platform}";

    private static long OwnSize(ImageNode manifest) => manifest.Descriptor.Size + manifest.Children.Sum(child => child.Descriptor.Size);

    private static IEnumerable<(ImageNode Manifest, long Above)> WithSizeAbove(ImageNode node, long above) => node.Kind switch
    {
        ImageNodeKind.Manifest => [(node, above)],
        ImageNodeKind.Index => node.Children.SelectMany(child => WithSizeAbove(child, above + node.Descriptor.Size)),
        _ => [],
    };

    private static IEnumerable<Blob> Blobs(ImageNode graph, bool leftOutToo)
    {
        bool anyThere = graph.Manifests.Any(manifest => manifest.StoredSize is not null);
        return Below(graph, null, false).DistinctBy(blob => blob.Node.Descriptor.Digest);

        IEnumerable<Blob> Below(ImageNode node, CtrPlatform? platform, bool inIndex)
        {
            platform = node.Platform ?? platform;
            bool leftOut = inIndex && anyThere && node.StoredSize is null && Digests.IsValid(node.Descriptor.Digest);
            return leftOut && !leftOutToo
                ? []
                : node.Children.SelectMany(child => Below(child, platform, node.Kind == ImageNodeKind.Index)).Prepend(new Blob(node, platform, leftOut));
        }
    }

    /// <param name="Node">The blob.</param>
    /// <param name="Platform">The platform whose image needs it.</param>
    /// <param name="IsLeftOut">The archive does not hold it, and need not.</param>
    private sealed record Blob(ImageNode Node, CtrPlatform? Platform, bool IsLeftOut);
}
