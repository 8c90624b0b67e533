namespace CtrPS.Client.Oci;

/// <summary>What the graph of an image says about it at a glance: size and platforms.</summary>
internal static class ImageSummary
{
    /// <summary>The platforms, in the order of the index, attestations among them.</summary>
    public static CtrImagePlatform[] PlatformsOf(ImageNode root) =>
    [
        .. root.Manifests.Where(manifest => manifest.Platform is not null).Select(manifest =>
            new CtrImagePlatform(manifest.Platform!.Os, manifest.Platform.Architecture, manifest.Platform.Variant, manifest.Platform.OsVersion)
            {
                Digest = manifest.Descriptor.Digest,
                Size = manifest.Children.Count == 0 ? null : OwnSize(manifest),
                IsComplete = manifest.IsWhole,
                IsAttestation = manifest.IsAttestation,
            }),
    ];

    /// <summary>
    /// Bytes from the target down to the layers, of the manifest whose size counts: a target that is a manifest itself whatever its platform; in
    /// an index the best match, entries without a platform after those with one, in the order of the index (containerd, core/images/image.go and
    /// handlers.go).
    /// </summary>
    /// <param name="root">The image.</param>
    /// <param name="preferred">The platform whose size is wanted.</param>
    /// <returns>Null where that manifest is not there or cannot be read.</returns>
    public static long? SizeOf(ImageNode root, PlatformMatcher preferred) => MeasuredOf(root, preferred).Size;

    /// <summary>The manifest whose size counts, and the size. Nulls where that manifest is not there or cannot be read.</summary>
    public static (ImageNode? Manifest, long? Size) MeasuredOf(ImageNode root, PlatformMatcher preferred)
    {
        (ImageNode? manifest, long above) = root.Kind != ImageNodeKind.Index
            ? WithSizeAbove(root).FirstOrDefault()
            : WithSizeAbove(root)
                .Select(candidate => (Candidate: candidate, Rank: RankOf(candidate.Manifest, preferred)))
                .Where(ranked => ranked.Rank is not null)
                .OrderBy(ranked => ranked.Rank)
                .FirstOrDefault().Candidate;
        return manifest is null or { Children.Count: 0 } ? (null, null) : (manifest, above + OwnSize(manifest));
    }

    private static int? RankOf(ImageNode manifest, PlatformMatcher preferred) =>
        manifest.Descriptor.Platform is { } declared ? preferred.Rank(declared)
        : preferred.TakesUndeclared ? int.MaxValue
        : manifest.Platform is { } own ? preferred.Rank(own)
        : null;

    private static long OwnSize(ImageNode manifest) => manifest.Descriptor.Size + manifest.State.ChildrenSize;

    /// <summary>The manifests, each with the bytes of the indexes on the first way to it.</summary>
    private static IEnumerable<(ImageNode Manifest, long Above)> WithSizeAbove(ImageNode root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        return Visit(root, 0);

        IEnumerable<(ImageNode, long)> Visit(ImageNode node, long above) => node.Kind switch
        {
            ImageNodeKind.Manifest when seen.Add(node) => [(node, above)],
            ImageNodeKind.Index when seen.Add(node.State) => node.Children.SelectMany(child => Visit(child, above + node.Descriptor.Size)),
            _ => [],
        };
    }
}
