namespace CtrPS.Client.Storage;

/// <summary>
/// What becomes free when things go one after the other, by the collector's own rules: bytes that several of them keep are free with the last of
/// these, a blob with the last namespace that has it, and what a root keeps that stays is not free at all.
/// </summary>
internal sealed class RemovalGains
{
    private readonly StorageGraph _graph;
    private readonly IReadOnlyDictionary<GraphNode, long> _snapshots;
    private readonly IReadOnlyList<GraphNode>[] _reach;
    private readonly Dictionary<GraphNode, int> _holders = [];
    private readonly Dictionary<string, int> _files = new(StringComparer.Ordinal);
    private readonly List<GraphNode> _garbage = [];

    /// <param name="graph">The daemon.</param>
    /// <param name="snapshots">What snapshots take.</param>
    /// <param name="removals">What may go, each as the records that go with it; a record of several goes with the last of these.</param>
    /// <param name="isEnded">Leases that count as gone: by namespace and lease.</param>
    public RemovalGains(
        StorageGraph graph,
        IReadOnlyDictionary<GraphNode, long> snapshots,
        IReadOnlyList<IReadOnlyList<GraphNode>> removals,
        Func<string, Leases.LeaseInfo, bool> isEnded)
    {
        _graph = graph;
        _snapshots = snapshots;
        _reach = new IReadOnlyList<GraphNode>[removals.Count];
        HashSet<GraphNode> gone = [.. removals.SelectMany(records => records)];
        ILookup<string, int> byNamespace = Enumerable.Range(0, removals.Count).ToLookup(i => removals[i][0].Namespace, StringComparer.Ordinal);
        foreach (NamespaceRecords records in graph.Namespaces)
        {
            var view = CollectorView.Without(records, graph.Rules, graph.Now, lease => isEnded(records.Name, lease), gone.Contains);
            foreach (int i in byNamespace[records.Name])
            {
                _reach[i] = [.. view.Beyond(removals[i]).Where(graph.Exists)];
                foreach (GraphNode node in _reach[i])
                {
                    _holders[node] = _holders.GetValueOrDefault(node) + 1;
                }
            }

            Count(records, view.Kept);
        }

        CountGarbage();
    }

    /// <summary>Bytes that are garbage already.</summary>
    public long Garbage { get; private set; }

    /// <summary>The snapshots that could become free, and those that are garbage.</summary>
    public IEnumerable<GraphNode> Snapshots => _holders.Keys.Where(node => node.Kind == CtrResourceKind.Snapshot).Concat(_garbage);

    /// <summary>Takes one away.</summary>
    /// <param name="removal">Which.</param>
    /// <param name="freed">Is told what becomes free: a blob when the last namespace loses it. Null: nobody.</param>
    /// <returns>Bytes that become free.</returns>
    public long Take(int removal, Action<GraphNode>? freed = null)
    {
        long gain = 0;
        foreach (GraphNode node in _reach[removal])
        {
            if (--_holders[node] == 0 && IsFree(node, -1))
            {
                gain += SizeOf(node);
                freed?.Invoke(node);
            }
        }

        return gain;
    }

    /// <summary>Gives one back that was taken.</summary>
    /// <returns>Bytes that stay then.</returns>
    public long GiveBack(int removal)
    {
        long loss = 0;
        foreach (GraphNode node in _reach[removal])
        {
            if (_holders[node]++ == 0 && IsFree(node, 1))
            {
                loss += SizeOf(node);
            }
        }

        return loss;
    }

    /// <summary>Counts a namespace's blob out or in. Whether that is the last one's; anything else is its namespace's own.</summary>
    private bool IsFree(GraphNode node, int change)
    {
        if (node.Kind != CtrResourceKind.Content)
        {
            return true;
        }

        if (!_files.TryGetValue(node.Key, out int before))
        {
            return false; // it is not there
        }

        _files[node.Key] = before + change;
        return change < 0 ? before == 1 : before == 0;
    }

    private long SizeOf(GraphNode node) => node.Kind switch
    {
        CtrResourceKind.Content => _graph.SizeOf(node) ?? 0,
        CtrResourceKind.Snapshot => _snapshots.GetValueOrDefault(node),
        _ => 0,
    };

    private void Count(NamespaceRecords records, HashSet<GraphNode> kept)
    {
        foreach (string digest in records.Blobs.Keys)
        {
            var node = new GraphNode(CtrResourceKind.Content, records.Name, digest);
            bool stays = kept.Contains(node) || _holders.ContainsKey(node);
            _files[digest] = _files.GetValueOrDefault(digest) + (stays ? 1 : 0);
        }

        foreach ((string snapshotter, string key) in records.Snapshots.Keys)
        {
            var node = new GraphNode(CtrResourceKind.Snapshot, records.Name, key, snapshotter);
            if (!kept.Contains(node) && !_holders.ContainsKey(node))
            {
                _garbage.Add(node);
            }
        }

        Garbage += records.Ingests
            .Where(ingest => !kept.Contains(new GraphNode(CtrResourceKind.Ingest, records.Name, ingest.Ref))).Sum(ingest => ingest.Offset);
    }

    /// <summary>Blobs are garbage once no namespace keeps them.</summary>
    private void CountGarbage()
    {
        Garbage += _garbage.Sum(SizeOf);
        Dictionary<string, long> files = new(StringComparer.Ordinal);
        foreach (Containerd.Services.Content.V1.Info blob in _graph.Namespaces.SelectMany(records => records.Blobs.Values))
        {
            files[blob.Digest] = _files[blob.Digest] == 0 ? blob.Size : 0;
        }

        Garbage += files.Values.Sum();
    }
}
