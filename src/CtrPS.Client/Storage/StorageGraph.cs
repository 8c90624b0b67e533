using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using CtrPS.Client.Connection;
using Google.Protobuf.Collections;

namespace CtrPS.Client.Storage;

/// <summary>One thing that refers to another.</summary>
/// <param name="From">Who refers.</param>
/// <param name="To">To what. It need not be there.</param>
/// <param name="Relation">How.</param>
/// <param name="Label">The key of the label that says so to the garbage collector. Null: none.</param>
internal sealed record GraphEdge(GraphNode From, GraphNode To, CtrRelation Relation, string? Label)
{
    /// <summary>Whether the garbage collector follows it.</summary>
    public bool Keeps => Label is not null || Relation is not (CtrRelation.Child or CtrRelation.Unpacked or CtrRelation.Image);
}

/// <summary>
/// What refers to what in all namespaces of a daemon: what the garbage collector follows, and what people mean besides, such as the layers of a
/// manifest whose labels are lost.
/// </summary>
internal sealed class StorageGraph
{
    private readonly Dictionary<GraphNode, List<GraphEdge>> _from = [];
    private readonly Dictionary<GraphNode, List<GraphEdge>> _to = [];
    private readonly Dictionary<string, NamespaceRecords> _namespaces;
    private readonly HashSet<string> _configs = new(StringComparer.Ordinal);
    private readonly CollectorRules _rules;

    /// <param name="namespaces">What is there.</param>
    /// <param name="rules">The rules of the daemon's collector.</param>
    /// <param name="now">When it was read.</param>
    /// <param name="sandboxImages">Names of images that sandboxes of pods are made from, besides the usual ones. Null: it was not asked for.</param>
    public StorageGraph(
        IReadOnlyList<NamespaceRecords> namespaces, CollectorRules rules, DateTimeOffset now, IReadOnlySet<string>? sandboxImages = null)
    {
        Namespaces = namespaces;
        SandboxImages = sandboxImages ?? new HashSet<string>();
        Now = now;
        _rules = rules;
        _namespaces = namespaces.ToDictionary(one => one.Name, StringComparer.Ordinal);
        foreach (NamespaceRecords records in namespaces)
        {
            AddRecords(records);
        }
    }

    public IReadOnlyList<NamespaceRecords> Namespaces { get; }

    /// <summary>When it was read.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>Names of images that sandboxes of pods are made from, besides the usual ones.</summary>
    public IReadOnlySet<string> SandboxImages { get; }

    /// <summary>The rules of the daemon's collector.</summary>
    public CollectorRules Rules => _rules;

    /// <summary>What something refers to.</summary>
    public IReadOnlyList<GraphEdge> From(GraphNode node) => _from.GetValueOrDefault(node) ?? [];

    /// <summary>What refers to something.</summary>
    public IReadOnlyList<GraphEdge> To(GraphNode node) => _to.GetValueOrDefault(node) ?? [];

    /// <summary>Adds what documents say. Where a label says it as well, the two are one.</summary>
    public void Add(GraphNode from, GraphNode to, CtrRelation relation)
    {
        if (!_from.TryGetValue(from, out List<GraphEdge>? edges))
        {
            Put(new GraphEdge(from, to, relation, null));
            return;
        }

        int known = edges.FindIndex(edge => edge.To == to);
        if (known < 0)
        {
            Put(new GraphEdge(from, to, relation, null));
        }
        else if (edges[known].Relation == CtrRelation.Label)
        {
            GraphEdge whole = edges[known] with { Relation = relation };
            List<GraphEdge> back = _to[to];
            back[back.IndexOf(edges[known])] = whole;
            edges[known] = whole;
        }
    }

    /// <summary>Notes that a blob is the config of an image.</summary>
    public void AddConfig(string digest) => _configs.Add(digest);

    /// <summary>Whether a blob says what an image is: an index, a manifest, the config of one.</summary>
    public bool IsDocument(GraphNode node) =>
        node.Kind == CtrResourceKind.Content && (_configs.Contains(node.Key) || From(node).Any(edge => edge.Relation == CtrRelation.Child));

    /// <summary>Whether it is there.</summary>
    public bool Exists(GraphNode node) => _namespaces.TryGetValue(node.Namespace, out NamespaceRecords? records) && (node.Kind switch
    {
        CtrResourceKind.Image => records.Images.ContainsKey(node.Key),
        CtrResourceKind.Content => records.Blobs.ContainsKey(node.Key),
        CtrResourceKind.Snapshot => records.Snapshots.ContainsKey((node.Snapshotter, node.Key)),
        CtrResourceKind.Container => records.Containers.ContainsKey(node.Key),
        CtrResourceKind.Ingest => records.Ingests.Any(ingest => ingest.Ref == node.Key),
        CtrResourceKind.Lease => records.Leases.Any(lease => lease.Info.Id == node.Key),
        _ => true,
    });

    /// <summary>Bytes of a blob that is there.</summary>
    public long? SizeOf(GraphNode node) =>
        node.Kind == CtrResourceKind.Content && _namespaces.TryGetValue(node.Namespace, out NamespaceRecords? records)
            && records.Blobs.TryGetValue(node.Key, out Info? blob) ? blob.Size : null;

    /// <summary>Whether the garbage collector begins with it.</summary>
    public bool IsRoot(GraphNode node)
    {
        if (!_namespaces.TryGetValue(node.Namespace, out NamespaceRecords? records))
        {
            return false;
        }

        return node.Kind switch
        {
            CtrResourceKind.Image => records.Images.TryGetValue(node.Key, out Image? image)
                && (!_rules.TakesImages || !CollectorView.IsOver(image.Labels, Now)),
            CtrResourceKind.Content => records.Blobs.TryGetValue(node.Key, out Info? blob) && HasRootLabel(blob.Labels),
            CtrResourceKind.Snapshot => records.Snapshots.TryGetValue((node.Snapshotter, node.Key), out var one) && HasRootLabel(one.Labels),
            CtrResourceKind.Lease => records.Leases.Any(lease => lease.Info.Id == node.Key && !CollectorView.IsOver(lease.Info, Now)),
            CtrResourceKind.Ingest => records.Ingests.Any(ingest => ingest.Ref == node.Key
                && (WireTime.ToTime(ingest.StartedAt) is not { } start || start + CollectorRules.IngestLifetime >= Now)),
            _ => true,
        };
    }

    /// <summary>Whether it is a lease that keeps what it holds without what that refers to.</summary>
    public bool IsFlat(GraphNode node) =>
        node.Kind == CtrResourceKind.Lease && _namespaces.TryGetValue(node.Namespace, out NamespaceRecords? records)
            && records.Leases.Any(lease => lease.Info.Id == node.Key && lease.Info.Labels.ContainsKey(CtrLease.FlatLabel));

    /// <summary>Whether a label makes it a root.</summary>
    public bool HasRootLabel(MapField<string, string> labels) => labels.Keys.Any(_rules.IsRootLabel);

    private void AddRecords(NamespaceRecords records)
    {
        string name = records.Name;
        foreach (Image image in records.Images.Values)
        {
            var node = new GraphNode(CtrResourceKind.Image, name, image.Name);
            Put(new GraphEdge(node, new GraphNode(CtrResourceKind.Content, name, image.Target.Digest), CtrRelation.Target, null));
            AddLabels(node, image.Labels);
        }

        foreach (Info blob in records.Blobs.Values)
        {
            AddLabels(new GraphNode(CtrResourceKind.Content, name, blob.Digest), blob.Labels);
        }

        foreach (((string snapshotter, string key), Containerd.Services.Snapshots.V1.Info snapshot) in records.Snapshots)
        {
            var node = new GraphNode(CtrResourceKind.Snapshot, name, key, snapshotter);
            if (snapshot.Parent.Length > 0)
            {
                Put(new GraphEdge(node, node with { Key = snapshot.Parent }, CtrRelation.Parent, null));
            }

            AddLabels(node, snapshot.Labels);
        }

        foreach (Container container in records.Containers.Values)
        {
            AddContainer(records, container);
        }

        foreach (Containerd.Types.Sandbox sandbox in records.Sandboxes)
        {
            AddLabels(new GraphNode(CtrResourceKind.Sandbox, name, sandbox.SandboxId), sandbox.Labels);
        }

        foreach (LeaseHold lease in records.Leases)
        {
            var node = new GraphNode(CtrResourceKind.Lease, name, lease.Info.Id);
            foreach (Resource resource in lease.Resources)
            {
                if (CollectorView.NodeOf(name, resource) is { } held)
                {
                    Put(new GraphEdge(node, held, CtrRelation.Lease, null));
                }
            }
        }

        foreach (Status ingest in records.Ingests.Where(ingest => ingest.Expected.Length > 0))
        {
            var node = new GraphNode(CtrResourceKind.Ingest, name, ingest.Ref);
            Put(new GraphEdge(node, new GraphNode(CtrResourceKind.Content, name, ingest.Expected), CtrRelation.Ingest, null));
        }
    }

    private void AddContainer(NamespaceRecords records, Container container)
    {
        var node = new GraphNode(CtrResourceKind.Container, records.Name, container.Id);
        if (container is { Snapshotter.Length: > 0, SnapshotKey.Length: > 0 })
        {
            var root = new GraphNode(CtrResourceKind.Snapshot, records.Name, container.SnapshotKey, container.Snapshotter);
            Put(new GraphEdge(node, root, CtrRelation.RootFileSystem, null));
        }

        foreach (string image in ((string?[])[container.Image, KubernetesImage.Of(container)]).OfType<string>().Distinct()
            .Where(records.Images.ContainsKey))
        {
            Put(new GraphEdge(node, new GraphNode(CtrResourceKind.Image, records.Name, image), CtrRelation.Image, null));
        }

        AddLabels(node, container.Labels);
    }

    private void AddLabels(GraphNode node, MapField<string, string> labels)
    {
        foreach ((string key, string value) in labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            if (_rules.Reference(node.Namespace, key, value) is { } to && !From(node).Any(edge => edge.To == to))
            {
                Put(new GraphEdge(node, to, CtrRelation.Label, key));
            }

            if (_rules.BackReference(node.Namespace, key, value) is { } keeper)
            {
                Put(new GraphEdge(keeper, node, CtrRelation.Label, key));
            }
        }
    }

    private void Put(GraphEdge edge)
    {
        (_from.TryGetValue(edge.From, out List<GraphEdge>? forward) ? forward : _from[edge.From] = []).Add(edge);
        (_to.TryGetValue(edge.To, out List<GraphEdge>? back) ? back : _to[edge.To] = []).Add(edge);
    }
}
