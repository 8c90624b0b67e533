namespace CtrPS.Client.Oci;

/// <summary>
/// Chooses the manifest of an image that a daemon of some platform would use, as containerd's client does (core/images/image.go, Manifest): in each index
/// the best entry only, entries without a platform last; what an image points to directly counts whatever its platform.
/// </summary>
internal static class ManifestChoice
{
    /// <summary>The chosen node.</summary>
    /// <param name="root">The image.</param>
    /// <param name="matcher">What is acceptable.</param>
    /// <param name="checkRoot">Also compare the platform of an image that is no index.</param>
    /// <returns>
    /// A manifest, there or not; or an index on the way to it that is not there or cannot be read. Null where the image has nothing for the platform.
    /// </returns>
    public static ImageNode? Choose(ImageNode root, PlatformMatcher matcher, bool checkRoot)
    {
        ImageNode node = root;
        while (node.Kind == ImageNodeKind.Index && node.IsSound)
        {
            (ImageNode? best, int bestRank) = (null, int.MaxValue);
            foreach (ImageNode child in node.Children)
            {
                int? rank = child.Descriptor.Platform is { } declared ? matcher.Rank(declared) : int.MaxValue - 1;
                if (rank < bestRank)
                {
                    (best, bestRank) = (child, rank.Value);
                }
            }

            if (best is null)
            {
                return null;
            }

            node = best;
        }

        bool mayDiffer = node.Kind == ImageNodeKind.Manifest && node.StoredSize is not null && (node == root ? checkRoot : node.Descriptor.Platform is null);
        return node.Kind is not (ImageNodeKind.Index or ImageNodeKind.Manifest) || (mayDiffer && !(node.Platform is { } own ? matcher.Matches(own) : node == root)) ? null : node;
    }
}
