namespace CtrPS.Client.Storage;

/// <summary>Follows references from something, to what keeps it or to what it keeps.</summary>
internal static class ReferenceTrace
{
    private const string Algorithm = "sha256:";

    /// <summary>Digits of a digest that are enough, as of an image's id.</summary>
    private const int FewestDigits = 6;

    /// <exception cref="CtrException"><see cref="CtrErrorIds.AmbiguousReference"/>.</exception>
    public static IReadOnlyList<CtrReference> Of(StorageGraph graph, CtrReferenceQuery query) =>
    [
        .. graph.Namespaces.Where(records => query.Namespaces.Contains(records.Name))
            .SelectMany(records => Subjects(records, query))
            .SelectMany(subject => new Walk(graph, query.Forward, subject).Rows),
    ];

    private static IEnumerable<GraphNode> Subjects(NamespaceRecords records, CtrReferenceQuery query)
    {
        switch (query.Kind)
        {
            case CtrResourceKind.Image:
                return records.Images.ContainsKey(query.Key) ? [new GraphNode(query.Kind, records.Name, query.Key)] : [];
            case CtrResourceKind.Snapshot:
                return records.Snapshots.Keys
                    .Where(one => one.Key == query.Key && (query.Snapshotter is null || one.Snapshotter == query.Snapshotter))
                    .OrderBy(one => one.Snapshotter, StringComparer.Ordinal)
                    .Select(one => new GraphNode(query.Kind, records.Name, one.Key, one.Snapshotter));
            default:
                string digits = query.Key.Contains(':', StringComparison.Ordinal) ? query.Key : Algorithm + query.Key;
                string[] found = records.Blobs.ContainsKey(digits) ? [digits]
                    : digits.Length < Algorithm.Length + FewestDigits ? []
                    : [.. records.Blobs.Keys.Where(digest => digest.StartsWith(digits, StringComparison.OrdinalIgnoreCase))];
                return found.Length <= 1
                    ? found.Select(digest => new GraphNode(query.Kind, records.Name, digest))
                    : throw new CtrException(
                        CtrErrorIds.AmbiguousReference,
                        CtrStatus.InvalidArgument,
                        $"'{query.Key}' is the beginning of the digests of {found.Length} blobs in namespace '{records.Name}'.")
                    {
                        Target = query.Key,
                        RecommendedAction = "Give more digits.",
                    };
        }
    }

    private sealed class Walk
    {
        private readonly StorageGraph _graph;
        private readonly bool _isForward;
        private readonly GraphNode _subject;
        private readonly HashSet<GraphNode> _seen = [];

        public Walk(StorageGraph graph, bool isForward, GraphNode subject)
        {
            _graph = graph;
            _isForward = isForward;
            _subject = subject;
            Follow();
        }

        public List<CtrReference> Rows { get; } = [];

        /// <summary>A stack of its own: snapshots stand on one another without end, as far as the daemon allows.</summary>
        private void Follow()
        {
            var left = new Stack<(GraphNode Node, int Depth, GraphEdge? Edge)>([(_subject, 0, null)]);
            while (left.TryPop(out (GraphNode Node, int Depth, GraphEdge? Edge) step))
            {
                bool isNew = _seen.Add(step.Node);
                IReadOnlyList<GraphEdge> next = _isForward ? _graph.From(step.Node) : _graph.To(step.Node);
                Rows.Add(Row(step.Node, step.Depth, step.Edge, isRepeated: !isNew && next.Count > 0));
                foreach (GraphEdge edge in isNew ? next.Where(edge => _graph.Exists(_isForward ? edge.To : edge.From)).Reverse() : [])
                {
                    left.Push((_isForward ? edge.To : edge.From, step.Depth + 1, edge));
                }
            }
        }

        private CtrReference Row(GraphNode node, int depth, GraphEdge? edge, bool isRepeated) => new()
        {
            Namespace = node.Namespace,
            Depth = depth,
            Kind = node.Kind,
            Key = node.Key,
            Snapshotter = node.Kind == CtrResourceKind.Snapshot ? node.Snapshotter : null,
            Relation = edge?.Relation ?? CtrRelation.Subject,
            Label = edge?.Label,
            Keeps = edge?.Keeps ?? _graph.IsRoot(node),
            IsRoot = _graph.IsRoot(node),
            IsRepeated = isRepeated,
            Size = _graph.SizeOf(node),
            Subject = _subject.Key,
        };
    }
}
