namespace CtrPS.Client.Storage;

/// <inheritdoc/>
internal sealed class ResourceUsers(GraphReader reader) : IResourceUsers
{
    private const string EndLease = "Take it from the lease with Remove-CtrLeaseResource, or end the lease with Remove-CtrLease.";

    public async Task<IReadOnlyList<CtrDependent>> FindOfContentAsync(CtrContent content, CancellationToken cancellationToken)
    {
        StorageGraph graph = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var blob = new GraphNode(CtrResourceKind.Content, content.Namespace, content.Digest);
        ILookup<CtrResourceKind, GraphNode> above = Above(graph, blob).ToLookup(node => node.Kind);
        List<CtrDependent> users =
        [
            .. Tell(above[CtrResourceKind.Image], node => new($"image '{node.Key}'", "Remove the image with Remove-CtrImage.")),
            .. Tell(above[CtrResourceKind.Container], node => new(
                $"container '{node.Key}'", "Remove the container with Remove-CtrContainer, or its label with Set-CtrContainer.")),
            .. Tell(above[CtrResourceKind.Snapshot], node => new(
                $"snapshot '{node.Key}' of {node.Snapshotter}", "Remove the snapshot, or its label with Set-CtrSnapshot.")),
            .. Tell(above[CtrResourceKind.Lease], node => new($"lease '{node.Key}'", EndLease)),
        ];
        IEnumerable<GraphNode> parents = graph.To(blob).Select(edge => edge.From).Where(node => node.Kind == CtrResourceKind.Content);
        return users.Count > 0 ? users :
        [
            .. Tell(parents, node => new(
                $"blob '{node.Key}'", "Remove that with Remove-CtrContent first, or its label with Set-CtrContent.")),
        ];
    }

    public async Task<ILookup<string, CtrDependent>> FindOfSnapshotsAsync(
        string @namespace, string snapshotter, CancellationToken cancellationToken)
    {
        StorageGraph graph = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return graph.Namespaces.Where(records => records.Name == @namespace)
            .SelectMany(records => records.Snapshots.Keys)
            .Where(one => one.Snapshotter == snapshotter)
            .SelectMany(one => graph.To(new GraphNode(CtrResourceKind.Snapshot, @namespace, one.Key, snapshotter)))
            .Where(edge => edge.Relation != CtrRelation.Parent && graph.Exists(edge.From))
            .ToLookup(edge => edge.To.Key, TellOfSnapshot, StringComparer.Ordinal);
    }

    private static CtrDependent TellOfSnapshot(GraphEdge edge) => edge switch
    {
        { Relation: CtrRelation.RootFileSystem } => new(
            $"container '{edge.From.Key}'", "Remove the container with Remove-CtrContainer, which takes its snapshot along."),
        { Relation: CtrRelation.Lease } => new(
            $"lease '{edge.From.Key}'",
            edge.From.Key.StartsWith('/')
                ? $"It is mounted there: end that with Dismount-Ctr{(edge.To.Key == edge.From.Key ? "Image" : "Snapshot")}."
                : EndLease),
        { From.Kind: CtrResourceKind.Content } => new(
            $"the unpacked image of config '{edge.From.Key}'", "Remove the image with Remove-CtrImage."),
        { From.Kind: CtrResourceKind.Container } => new($"container '{edge.From.Key}'", "Remove the container, or its label."),
        { From.Kind: CtrResourceKind.Snapshot } => new(
            $"snapshot '{edge.From.Key}'", "Remove that first, or its label with Set-CtrSnapshot."),
        _ => new($"{edge.From.Kind.ToString().ToLowerInvariant()} '{edge.From.Key}'", "Remove that first, or its label."),
    };

    private static IEnumerable<CtrDependent> Tell(IEnumerable<GraphNode> nodes, Func<GraphNode, CtrDependent> tell) =>
        nodes.Distinct().OrderBy(node => node.Key, StringComparer.Ordinal).Select(tell);

    /// <summary>
    /// All that leads to something, whatever circles labels make. A lease may hold a blob without what that refers to; a container only names its
    /// image.
    /// </summary>
    private static HashSet<GraphNode> Above(StorageGraph graph, GraphNode node)
    {
        var found = new HashSet<GraphNode>();
        var next = new Queue<GraphNode>([node]);
        while (next.TryDequeue(out GraphNode at))
        {
            foreach (GraphEdge edge in graph.To(at).Where(edge =>
                edge.Relation != CtrRelation.Image && graph.Exists(edge.From) && (at == node || !graph.IsFlat(edge.From))))
            {
                if (found.Add(edge.From))
                {
                    next.Enqueue(edge.From);
                }
            }
        }

        return found;
    }
}
