using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using CtrPS.Client.Images;

namespace CtrPS.Client.Storage;

/// <summary>Somebody to whom things belong.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Starts">Where what belongs to it begins.</param>
internal sealed record GraphOwner(CtrDiskUsageKind Kind, string Name, string Namespace, IReadOnlyList<GraphNode> Starts)
{
    /// <summary>Whether only what it names is its own, and not what that refers to.</summary>
    public bool IsFlat { get; init; }

    /// <summary>Whether something works with it.</summary>
    public bool InUse { get; init; }

    /// <summary>Why what belongs to it is kept.</summary>
    public string WhyKept { get; init; } = "";

    /// <summary>The command that ends that. Empty: none should.</summary>
    public string FreedBy { get; init; } = "";
}

/// <summary>Who owns what in the graph, as people see it: images with all that they list, containers, leases, writes, and what labels keep.</summary>
internal sealed class GraphOwners(StorageGraph graph)
{
    private const string QuotationMarks = "'\u2018\u2019\u201A\u201B";

    /// <summary>All owners.</summary>
    public IReadOnlyList<GraphOwner> All { get; } = [.. Of(graph, new ImageUse(graph))];

    /// <summary>All that belongs to an owner.</summary>
    public IReadOnlyCollection<GraphNode> Reach(GraphOwner owner) => Reach(graph, owner);

    /// <inheritdoc cref="Reach(GraphOwner)"/>
    public static IReadOnlyCollection<GraphNode> Reach(StorageGraph graph, GraphOwner owner)
    {
        HashSet<GraphNode> reached = [.. owner.Starts];
        var left = new Stack<GraphNode>(owner.Starts);
        while (left.TryPop(out GraphNode node))
        {
            bool isStart = owner.IsFlat && owner.Starts.Contains(node);
            foreach (GraphEdge edge in graph.From(node))
            {
                bool isFollowed = owner.IsFlat ? isStart || edge.Relation == CtrRelation.Parent : edge.Relation != CtrRelation.Image;
                if (isFollowed && reached.Add(edge.To))
                {
                    left.Push(edge.To);
                }
            }
        }

        return reached;
    }

    /// <summary>A name in a command that can be typed. PowerShell takes typographic quotation marks for the plain one.</summary>
    public static string Quoted(string name) =>
        $"'{string.Concat(name.Select(letter => QuotationMarks.Contains(letter) ? $"{letter}{letter}" : $"{letter}"))}'";

    private static IEnumerable<GraphOwner> Of(StorageGraph graph, ImageUse use) => graph.Namespaces.SelectMany(records => Of(graph, records, use));

    private static IEnumerable<GraphOwner> Of(StorageGraph graph, NamespaceRecords records, ImageUse use)
    {
        HashSet<string> running = [.. records.Tasks.Where(task => task.State != CtrTaskState.Stopped).Select(task => task.Id)];
        return
        [
            .. ImageRow.Of([.. records.Images.Values], allRecords: false)
                .Select(row => ImageOwner(records, row, [.. use.UsersIn(records.Name, row.Record.Target.Digest)])),
            .. records.Containers.Values.Select(container => ContainerOwner(records, container, running.Contains(container.Id))),
            .. records.Leases.Where(lease => !CollectorView.IsOver(lease.Info, graph.Now)).Select(lease => LeaseOwner(records, lease)),
            .. records.Ingests.Select(ingest => IngestOwner(records, ingest)),
            .. records.Snapshots.Where(one => graph.HasRootLabel(one.Value.Labels)).Select(one => new GraphOwner(
                CtrDiskUsageKind.Snapshot,
                one.Key.Key,
                records.Name,
                [new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key.Key, one.Key.Snapshotter)])
            {
                WhyKept = $"It has the label {CollectorLabels.Root}.",
                FreedBy = $"Remove-CtrSnapshot {Quoted(one.Key.Key)} -Snapshotter {Quoted(one.Key.Snapshotter)} -Namespace {Quoted(records.Name)}",
            }),
            .. records.Blobs.Values.Where(blob => graph.HasRootLabel(blob.Labels)).Select(blob => new GraphOwner(
                CtrDiskUsageKind.Content, blob.Digest, records.Name, [new GraphNode(CtrResourceKind.Content, records.Name, blob.Digest)])
            {
                WhyKept = $"It has the label {CollectorLabels.Root}.",
                FreedBy = $"Remove-CtrContent {Quoted(blob.Digest)} -Namespace {Quoted(records.Name)}",
            }),
        ];
    }

    private static GraphOwner ImageOwner(NamespaceRecords records, ImageRow row, string[] users)
    {
        Image[] names = [row.Record, .. row.Aliases ?? []];
        bool isPinned = names.Any(Records.IsPinned);
        return new GraphOwner(
            CtrDiskUsageKind.Image,
            row.Record.Name,
            records.Name,
            [.. names.Select(image => new GraphNode(CtrResourceKind.Image, records.Name, image.Name))])
        {
            InUse = users.Length > 0 || isPinned,
            WhyKept = users.Length > 0
                ? ImageUse.Words(users)
                : isPinned ? "It is pinned." : "It has a name, and no container uses it.",
            FreedBy = $"Remove-CtrImage {Quoted(row.Record.Name)} -Namespace {Quoted(records.Name)}",
        };
    }

    private static GraphOwner ContainerOwner(NamespaceRecords records, Container container, bool isRunning) => new(
        CtrDiskUsageKind.Container,
        container.Id,
        records.Name,
        [new GraphNode(CtrResourceKind.Container, records.Name, container.Id)])
    {
        InUse = isRunning,
        WhyKept = isRunning ? "Its task is there." : "It has no task that runs.",
        FreedBy = $"Remove-CtrContainer {Quoted(container.Id)} -Namespace {Quoted(records.Name)}",
    };

    private static GraphOwner LeaseOwner(NamespaceRecords records, LeaseHold lease) => new(
        CtrDiskUsageKind.Lease,
        lease.Info.Id,
        records.Name,
        [
            .. lease.Resources.Select(resource => CollectorView.NodeOf(records.Name, resource)).OfType<GraphNode>()
                .Where(node => node.Kind != CtrResourceKind.Ingest),
        ])
    {
        IsFlat = lease.Info.Labels.ContainsKey(CtrLease.FlatLabel),
        InUse = !lease.Info.IsAbandoned,
        WhyKept = lease.Info.IsAbandoned ? "The process of CtrPS that made the lease is gone."
            : lease.Info.Labels.TryGetValue(CtrLease.ExpireLabel, out string? end) ? $"The lease is good until {end}."
            : "The lease is good until it is removed.",
        FreedBy = $"Remove-CtrLease {Quoted(lease.Info.Id)} -Namespace {Quoted(records.Name)} -Synchronous",
    };

    private static GraphOwner IngestOwner(NamespaceRecords records, Status ingest) => new(
        CtrDiskUsageKind.Ingest,
        ingest.Ref,
        records.Name,
        [new GraphNode(CtrResourceKind.Ingest, records.Name, ingest.Ref)])
    {
        InUse = true,
        WhyKept = "Somebody may be writing it. Get-CtrOrphan tells which stand still.",
    };
}
