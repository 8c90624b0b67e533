using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
internal sealed class StorageInspector(ContainerdConnection connection, GraphReader reader, SnapshotUsages usages) : IStorageInspector
{
    private readonly NamespaceClearer _clearer = new(connection);

    public async Task<IReadOnlyList<CtrReference>> TraceAsync(CtrReferenceQuery query, CancellationToken cancellationToken) =>
        ReferenceTrace.Of(await reader.ReadAsync(cancellationToken).ConfigureAwait(false), query);

    public async Task<CtrDiskUsageReport> MeasureAsync(Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        StorageGraph graph = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<GraphNode, long> sizes = await usages.MeasureAsync(Snapshots(graph), cancellationToken).ConfigureAwait(false);
        return new DiskUsage(graph, sizes, await FindPlacesAsync(graph, cancellationToken).ConfigureAwait(false)).Measure(isWanted);
    }

    public async Task<IReadOnlyList<CtrSharedBlob>> FindSharedAsync(Func<string, bool> isWanted, CancellationToken cancellationToken) =>
        SharedBlobs.Of(await reader.ReadAsync(cancellationToken).ConfigureAwait(false), isWanted);

    /// <summary>What lies in containerd's folder beside what the records tell. Empty from another machine.</summary>
    private async Task<IReadOnlyList<DiskPlace>> FindPlacesAsync(StorageGraph graph, CancellationToken cancellationToken) =>
        await FindContentRootAsync(cancellationToken).ConfigureAwait(false) is { } root
            ? new DiskFolders(graph, root, await connection.Facts.GetSnapshotterRootsAsync(cancellationToken).ConfigureAwait(false))
                .Find(cancellationToken)
            : [];

    /// <summary>The folder of the content store. Null: it is on another machine.</summary>
    private async Task<string?> FindContentRootAsync(CancellationToken cancellationToken) =>
        await connection.Machine.IsLocalAsync(cancellationToken).ConfigureAwait(false)
            ? await connection.Facts.GetContentRootAsync(cancellationToken).ConfigureAwait(false)
            : null;

    public async Task<FoundOrphans> FindOrphansAsync(
        Func<string, bool> isWanted, TimeSpan idle, bool deep, CancellationToken cancellationToken)
    {
        string? root = await FindContentRootAsync(cancellationToken).ConfigureAwait(false);
        StorageGraph graph = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<CtrOrphan> found = new OrphanFinder(
            graph, idle, root, await FindPlacesAsync(graph, cancellationToken).ConfigureAwait(false)).Find(isWanted);
        IReadOnlyList<CtrException> faults = [];
        if (deep)
        {
            if (root is null)
            {
                throw connection.Machine.NotLocal("The folders of snapshots that -Deep looks at");
            }

            FoundOrphans more = await new UnpackFinder(connection, graph).FindAsync(isWanted, cancellationToken).ConfigureAwait(false);
            (found, faults) = ([.. found, .. more.Orphans], more.Faults);
        }

        HashSet<GraphNode> snapshots = [.. found.Where(IsSnapshot).Select(NodeOf)];
        IReadOnlyDictionary<GraphNode, long> sizes = await usages.MeasureAsync(
            Snapshots(graph).Where(one => snapshots.Contains(one.Node)), cancellationToken).ConfigureAwait(false);
        foreach (CtrOrphan one in found.Where(IsSnapshot))
        {
            one.Size = sizes.TryGetValue(NodeOf(one), out long size) ? size : null;
        }

        return new FoundOrphans(found, faults);
    }

    public Task<NamespaceContent> CountAsync(string @namespace, CancellationToken cancellationToken) =>
        _clearer.CountAsync(@namespace, cancellationToken);

    public Task ClearAsync(string @namespace, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        _clearer.ClearAsync(@namespace, meter, cancellationToken);

    public async Task RemoveAsync(CtrOrphan orphan, CancellationToken cancellationToken)
    {
        (string name, string key) = (orphan.Namespace, orphan.Key);
        switch (orphan.Kind)
        {
            case CtrResourceKind.Snapshot when name.Length == 0:
                await CollectFoldersAsync(orphan.Snapshotter ?? "", cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Snapshot:
                await connection.Snapshots.RemoveAsync(name, orphan.Snapshotter ?? "", key, cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Lease:
                await connection.Leases.DeleteAsync(name, key, collect: false, cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Ingest:
                await connection.Content.AbortAsync(name, key, cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Task:
                await _clearer.RemoveTaskAsync(name, key, hasContainer: false, cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Container:
                await connection.Containers.DeleteAsync(name, key, keepSnapshot: true, cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Image:
                await connection.Images.DeleteAsync(name, key, null, cancellationToken).ConfigureAwait(false);
                break;
            case CtrResourceKind.Content when name.Length > 0:
                await connection.Content.DeleteAsync(name, key, cancellationToken).ConfigureAwait(false);
                break;
            default:
                await CollectFilesAsync(cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>
    /// Has the daemon look through its content folder and remove what no namespace knows: it does so in a collection that removes a blob.
    /// </summary>
    private async Task CollectFilesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrNamespace> all = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        if (all is not [var first, ..])
        {
            return;
        }

        Lease lease = await connection.Leases.CreateAsync(first.Name, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            byte[] bytes = Guid.NewGuid().ToByteArray();
            var blob = new Descriptor { MediaType = "", Digest = Digests.Of(bytes), Size = bytes.Length };
            _ = await connection.Content.Writer(lease).WriteAsync(
                blob, bytes, new Dictionary<string, string>(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Has a snapshotter remove the folders that it has no record of: it does so in a collection that removes a snapshot.</summary>
    private async Task CollectFoldersAsync(string snapshotter, CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrNamespace> all = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        if (all is not [var first, ..])
        {
            return;
        }

        Lease lease = await connection.Leases.CreateAsync(first.Name, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            _ = await connection.Snapshots.PrepareAsync(
                first.Name, snapshotter, $"ctrps-{Guid.NewGuid():N}", "", new Dictionary<string, string>(), lease.Id, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>A snapshot that a namespace has: of any other the folder is told, with its size.</summary>
    private static bool IsSnapshot(CtrOrphan one) => one.Kind == CtrResourceKind.Snapshot && one.Namespace.Length > 0;

    private static GraphNode NodeOf(CtrOrphan one) => new(one.Kind, one.Namespace, one.Key, one.Snapshotter ?? "");

    private static IEnumerable<(GraphNode Node, Containerd.Services.Snapshots.V1.Info Info)> Snapshots(StorageGraph graph) =>
        graph.Namespaces.SelectMany(records => records.Snapshots.Select(one =>
            (new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key.Key, one.Key.Snapshotter), one.Value)));
}
