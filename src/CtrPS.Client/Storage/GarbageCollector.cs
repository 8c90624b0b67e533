using System.Diagnostics;
using CtrPS.Client.Leases;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
/// <remarks>containerd has no call for it: ending a lease with <c>sync</c> answers after a collection.</remarks>
internal sealed class GarbageCollector(LeaseStore leases, DaemonReader reader, SnapshotUsages usages, string serverVersion) : IGarbageCollector
{
    private readonly CollectorRules _rules = CollectorRules.Of(serverVersion);

    public async Task CollectAsync(string @namespace, CancellationToken cancellationToken)
    {
        Lease lease = await leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await leases.DeleteAsync(@namespace, lease.Id, collect: true, cancellationToken).ConfigureAwait(false);
    }

    public async Task<CtrGarbageCollection> PredictAsync(string @namespace, CancellationToken cancellationToken)
    {
        IReadOnlyList<NamespaceRecords> before = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        HashSet<GraphNode> garbage = FindGarbage(before, PlaceOf(before, @namespace));
        IReadOnlyDictionary<GraphNode, long> sizes = await MeasureAsync(before, garbage, cancellationToken).ConfigureAwait(false);
        return Tell(before, garbage, sizes).With(told => told.IsPrediction = true);
    }

    public async Task<CtrGarbageCollection> RunAsync(string @namespace, CancellationToken cancellationToken)
    {
        IReadOnlyList<NamespaceRecords> before = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (PlaceOf(before, @namespace) is not { } place)
        {
            return Tell([], [], new Dictionary<GraphNode, long>()); // a lease would make a namespace
        }

        // Afterwards nobody can be asked what a snapshot took.
        IReadOnlyDictionary<GraphNode, long> sizes =
            await MeasureAsync(before, FindGarbage(before, place), cancellationToken).ConfigureAwait(false);
        long start = Stopwatch.GetTimestamp();
        await CollectAsync(place, cancellationToken).ConfigureAwait(false);
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        HashSet<GraphNode> gone = [.. before.SelectMany(Nodes)];
        gone.ExceptWith((await reader.ReadAsync(cancellationToken).ConfigureAwait(false)).SelectMany(Nodes));
        return Tell(before, gone, sizes).With(told => told.Duration = duration);
    }

    /// <summary>The namespace in which the collection is asked for: one that is there. Null where none is.</summary>
    private static string? PlaceOf(IReadOnlyList<NamespaceRecords> all, string wanted) =>
        all.Any(one => one.Name == wanted) ? wanted : all is [var first, ..] ? first.Name : null;

    /// <summary>The lease that asks for the collection ends those of ours that are abandoned in its namespace: they count as gone there.</summary>
    private HashSet<GraphNode> FindGarbage(IReadOnlyList<NamespaceRecords> all, string? place) =>
    [
        .. all.SelectMany(records => CollectorView.FindGarbage(
            records, _rules, DateTimeOffset.Now, lease => records.Name == place && lease is { IsAbandoned: true, Work: null })),
    ];

    private Task<IReadOnlyDictionary<GraphNode, long>> MeasureAsync(
        IReadOnlyList<NamespaceRecords> all, HashSet<GraphNode> garbage, CancellationToken cancellationToken) => usages.MeasureAsync(
        all.SelectMany(records => records.Snapshots.Select(
            one => (new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key.Key, one.Key.Snapshotter), one.Value)))
            .Where(one => garbage.Contains(one.Item1)),
        cancellationToken);

    private IEnumerable<GraphNode> Nodes(NamespaceRecords records) => CollectorView.Collectible(records, _rules);

    private static CtrGarbageCollection Tell(
        IReadOnlyList<NamespaceRecords> all, HashSet<GraphNode> garbage, IReadOnlyDictionary<GraphNode, long> snapshots)
    {
        // A blob's file is one for all namespaces, and goes with the last of them.
        HashSet<string> stays = [.. all.SelectMany(records => records.Blobs.Keys
            .Where(digest => !garbage.Contains(new GraphNode(CtrResourceKind.Content, records.Name, digest))))];
        var items = new List<CtrGarbage>(garbage.Count);
        foreach (NamespaceRecords records in all)
        {
            foreach (GraphNode node in garbage.Where(node => node.Namespace == records.Name)
                .OrderBy(node => node.Kind).ThenBy(node => node.Snapshotter, StringComparer.Ordinal).ThenBy(node => node.Key, StringComparer.Ordinal))
            {
                long? size = node.Kind switch
                {
                    CtrResourceKind.Content => records.Blobs[node.Key].Size,
                    CtrResourceKind.Ingest => records.Ingests.First(ingest => ingest.Ref == node.Key).Offset,
                    CtrResourceKind.Snapshot => snapshots.TryGetValue(node, out long known) ? known : null,
                    _ => 0,
                };
                items.Add(new CtrGarbage
                {
                    Kind = node.Kind,
                    Namespace = node.Namespace,
                    Key = node.Key,
                    Snapshotter = node.Kind == CtrResourceKind.Snapshot ? node.Snapshotter : null,
                    Size = size,
                    Freed = node.Kind == CtrResourceKind.Content && !stays.Add(node.Key) ? 0 : size ?? 0,
                });
            }
        }

        long Sum(CtrResourceKind kind) => items.Where(item => item.Kind == kind).Sum(item => item.Freed);
        return new CtrGarbageCollection
        {
            Namespace = "*",
            Items = items,
            ContentFreed = Sum(CtrResourceKind.Content),
            SnapshotFreed = Sum(CtrResourceKind.Snapshot),
            IngestFreed = Sum(CtrResourceKind.Ingest),
        };
    }
}
