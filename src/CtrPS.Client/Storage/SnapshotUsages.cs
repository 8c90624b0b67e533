using System.Collections.Concurrent;
using Containerd.Services.Snapshots.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Snapshots;

namespace CtrPS.Client.Storage;

/// <summary>What snapshots take on the disk: a call for each. A committed one never changes and is asked for once per connection.</summary>
internal sealed class SnapshotUsages(SnapshotStore snapshots)
{
    /// <summary>Calls under way at the same time. The daemon walks the folders of a snapshot that is written into.</summary>
    private const int Width = 16;

    private readonly ConcurrentDictionary<(GraphNode Snapshot, DateTimeOffset? MadeAt), long> _committed = new();

    /// <summary>Bytes by snapshot, each without those below it. One that is gone, or whose snapshotter cannot tell, is left out.</summary>
    public async Task<IReadOnlyDictionary<GraphNode, long>> MeasureAsync(
        IEnumerable<(GraphNode Node, Info Info)> some, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<GraphNode, long>();
        var unknown = new List<(GraphNode Node, Info Info)>();
        foreach ((GraphNode node, Info info) in some)
        {
            if (info.Kind == Kind.Committed && _committed.TryGetValue((node, WireTime.ToTime(info.CreatedAt)), out long size))
            {
                sizes[node] = size;
            }
            else
            {
                unknown.Add((node, info));
            }
        }

        await foreach ((GraphNode node, Info info, long? size) in OrderedParallel.SelectAsync(
            unknown, Width, AskAsync, cancellationToken).ConfigureAwait(false))
        {
            if (size is { } known)
            {
                sizes[node] = known;
                if (info.Kind == Kind.Committed)
                {
                    _committed[(node, WireTime.ToTime(info.CreatedAt))] = known;
                }
            }
        }

        return sizes;
    }

    private async Task<(GraphNode Node, Info Info, long? Size)> AskAsync((GraphNode Node, Info Info) one, CancellationToken cancellationToken)
    {
        try
        {
            SnapshotUsage? usage = await snapshots.FindUsageAsync(
                one.Node.Namespace, one.Node.Snapshotter, one.Node.Key, cancellationToken).ConfigureAwait(false);
            return (one.Node, one.Info, usage?.Size);
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            return (one.Node, one.Info, null); // its folder is gone, or changed while it was walked
        }
    }
}
