namespace CtrPS.Client.Storage;

/// <summary>Which blobs several images have. The content folder has the bytes of a blob once, for all namespaces.</summary>
internal static class SharedBlobs
{
    /// <summary>Those of images in some namespaces, the one first that saves the most.</summary>
    public static IReadOnlyList<CtrSharedBlob> Of(StorageGraph graph, Func<string, bool> isWanted)
    {
        var owners = new GraphOwners(graph);
        var images = new Dictionary<string, (long Size, SortedSet<string> Names)>(StringComparer.Ordinal);
        foreach (GraphOwner image in owners.All.Where(one => one.Kind == CtrDiskUsageKind.Image && isWanted(one.Namespace)))
        {
            foreach (GraphNode node in owners.Reach(image).Where(node => node.Kind == CtrResourceKind.Content))
            {
                if (graph.SizeOf(node) is { } size)
                {
                    if (!images.TryGetValue(node.Key, out var known))
                    {
                        images[node.Key] = known = (size, new SortedSet<string>(StringComparer.Ordinal));
                    }

                    _ = known.Names.Add($"{image.Namespace}: {image.Name}");
                }
            }
        }

        return
        [
            .. images.Where(one => one.Value.Names.Count > 1)
                .Select(one => new CtrSharedBlob(one.Key, one.Value.Size, [.. one.Value.Names]))
                .OrderByDescending(one => one.Saved).ThenBy(one => one.Digest, StringComparer.Ordinal),
        ];
    }
}
