using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using Google.Protobuf.Collections;

namespace CtrPS.Client.Storage;

/// <summary>
/// What containerd's garbage collector keeps in a namespace: it walks from the roots over labels and parents, and reads no manifest. No reference
/// leads from one namespace into another.
/// </summary>
internal sealed class CollectorView
{
    private readonly NamespaceRecords _records;
    private readonly CollectorRules _rules;
    private readonly DateTimeOffset _now;
    private readonly HashSet<Mark> _seen = [];
    private readonly Stack<Mark> _left = new();
    private readonly Dictionary<GraphNode, List<GraphNode>> _backReferences = [];
    private readonly Func<GraphNode, bool> _isGone;
    private readonly HashSet<Mark> _beyond = [];
    private HashSet<GraphNode> _asked = [];
    private bool _isBeyond;

    private CollectorView(NamespaceRecords records, CollectorRules rules, DateTimeOffset now, Func<GraphNode, bool> isGone)
    {
        _records = records;
        _rules = rules;
        _now = now;
        _isGone = isGone;
    }

    /// <param name="Node">What is kept.</param>
    /// <param name="IsFlat">Whether it is kept without what it refers to.</param>
    private readonly record struct Mark(GraphNode Node, bool IsFlat);

    /// <summary>What a collection would take.</summary>
    /// <param name="records">The namespace.</param>
    /// <param name="rules">The rules of its daemon.</param>
    /// <param name="now">When it would be.</param>
    /// <param name="isEnded">Leases that count as gone, besides those whose time is over.</param>
    public static IReadOnlyList<GraphNode> FindGarbage(
        NamespaceRecords records, CollectorRules rules, DateTimeOffset now, Func<LeaseInfo, bool> isEnded)
    {
        HashSet<GraphNode> kept = Without(records, rules, now, isEnded, _ => false).Kept;
        return [.. Collectible(records, rules).Where(node => !kept.Contains(node))];
    }

    /// <summary>What is kept where some images and containers are gone; <see cref="Beyond"/> tells what each of these keeps beside that.</summary>
    /// <param name="records">The namespace.</param>
    /// <param name="rules">The rules of its daemon.</param>
    /// <param name="now">When it would be.</param>
    /// <param name="isEnded">Leases that count as gone, besides those whose time is over.</param>
    /// <param name="isGone">Which images and containers.</param>
    public static CollectorView Without(
        NamespaceRecords records, CollectorRules rules, DateTimeOffset now, Func<LeaseInfo, bool> isEnded, Func<GraphNode, bool> isGone)
    {
        var view = new CollectorView(records, rules, now, isGone);
        view.AddRoots(isEnded);
        view.FollowAll();
        view.Kept = [.. view._seen.Select(mark => mark.Node)];
        view._isBeyond = true;
        return view;
    }

    /// <summary>All that is kept.</summary>
    public HashSet<GraphNode> Kept { get; private set; } = [];

    /// <summary>What images or containers that are gone would keep, they among it, beside <see cref="Kept"/>.</summary>
    public IReadOnlyList<GraphNode> Beyond(IReadOnlyList<GraphNode> starts)
    {
        _beyond.Clear();
        _asked = [.. starts];
        foreach (GraphNode start in starts)
        {
            Add(start, false);
        }

        FollowAll();
        return [.. _beyond.Select(mark => mark.Node).Where(node => !Kept.Contains(node)).Distinct()];
    }

    /// <summary>Whether the time of a lease or an image is over. One that cannot be read is none.</summary>
    public static bool IsOver(MapField<string, string> labels, DateTimeOffset now) =>
        labels.TryGetValue(CtrLease.ExpireLabel, out string? text) && WireTime.Parse(text) is { } end && now > end;

    /// <inheritdoc cref="IsOver(MapField{string, string}, DateTimeOffset)"/>
    public static bool IsOver(LeaseInfo lease, DateTimeOffset now) =>
        lease.Labels.TryGetValue(CtrLease.ExpireLabel, out string? text) && WireTime.Parse(text) is { } end && now > end;

    /// <summary>All that a collection takes where nothing keeps it.</summary>
    public static IEnumerable<GraphNode> Collectible(NamespaceRecords records, CollectorRules rules) =>
    [
        .. records.Leases.Select(lease => new GraphNode(CtrResourceKind.Lease, records.Name, lease.Info.Id)),
        .. rules.TakesImages ? records.Images.Keys.Select(name => new GraphNode(CtrResourceKind.Image, records.Name, name)) : [],
        .. records.Blobs.Keys.Select(digest => new GraphNode(CtrResourceKind.Content, records.Name, digest)),
        .. records.Snapshots.Keys.Select(one => new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key, one.Snapshotter)),
        .. records.Ingests.Select(ingest => new GraphNode(CtrResourceKind.Ingest, records.Name, ingest.Ref)),
    ];

    private void AddRoots(Func<LeaseInfo, bool> isEnded)
    {
        foreach (LeaseHold lease in _records.Leases.Where(lease => !IsOver(lease.Info, _now) && !isEnded(lease.Info)))
        {
            Add(new GraphNode(CtrResourceKind.Lease, _records.Name, lease.Info.Id), false);
            bool isFlat = lease.Info.Labels.ContainsKey(CtrLease.FlatLabel);
            foreach (Resource resource in lease.Resources)
            {
                if (NodeOf(_records.Name, resource) is { } held)
                {
                    Add(held, isFlat && held.Kind != CtrResourceKind.Ingest);
                }
            }
        }

        foreach (Image image in _records.Images.Values)
        {
            var node = new GraphNode(CtrResourceKind.Image, _records.Name, image.Name);
            if (!_rules.TakesImages || !IsOver(image.Labels, _now))
            {
                Add(node, false);
            }
            else
            {
                AddBackReferences(node, image.Labels);
            }
        }

        AddIngestRoots();
        foreach (Info blob in _records.Blobs.Values)
        {
            AddLabelled(new GraphNode(CtrResourceKind.Content, _records.Name, blob.Digest), blob.Labels);
        }

        foreach (((string snapshotter, string key), Containerd.Services.Snapshots.V1.Info snapshot) in _records.Snapshots)
        {
            AddLabelled(new GraphNode(CtrResourceKind.Snapshot, _records.Name, key, snapshotter), snapshot.Labels);
        }

        foreach (Container container in _records.Containers.Values)
        {
            var node = new GraphNode(CtrResourceKind.Container, _records.Name, container.Id);
            Add(node, false);
            AddBackReferences(node, container.Labels);
        }

        foreach (Containerd.Types.Sandbox sandbox in _records.Sandboxes)
        {
            FollowLabels(sandbox.Labels);
        }
    }

    /// <summary>
    /// A write that was begun under a lease ends with it; any other has a day. The daemon does not tell which it was: a lease that holds it tells.
    /// </summary>
    private void AddIngestRoots()
    {
        HashSet<string> leased = [.. _records.Leases.SelectMany(lease => lease.Resources)
            .Where(resource => resource.Type == CtrLeaseResource.Ingests).Select(resource => resource.Id)];
        foreach (Status ingest in _records.Ingests.Where(ingest => !leased.Contains(ingest.Ref)))
        {
            if (WireTime.ToTime(ingest.StartedAt) is not { } start || start + CollectorRules.IngestLifetime >= _now)
            {
                Add(new GraphNode(CtrResourceKind.Ingest, _records.Name, ingest.Ref), false);
            }
        }
    }

    private void AddLabelled(GraphNode node, MapField<string, string> labels)
    {
        if (labels.Keys.Any(_rules.IsRootLabel))
        {
            Add(node, false);
        }

        AddBackReferences(node, labels);
    }

    private void AddBackReferences(GraphNode node, MapField<string, string> labels)
    {
        foreach ((string key, string value) in labels)
        {
            if (_rules.BackReference(_records.Name, key, value) is { } keeper)
            {
                (_backReferences.TryGetValue(keeper, out List<GraphNode>? kept) ? kept : _backReferences[keeper] = []).Add(node);
            }
        }
    }

    private void Add(GraphNode node, bool isFlat)
    {
        var mark = new Mark(node, isFlat);
        if (_isGone(node) && !_asked.Contains(node))
        {
            return;
        }

        if (_isBeyond ? !_seen.Contains(mark) && _beyond.Add(mark) : _seen.Add(mark))
        {
            _left.Push(mark);
        }
    }

    private void FollowAll()
    {
        while (_left.TryPop(out Mark mark))
        {
            Follow(mark);
        }
    }

    private void Follow(Mark mark)
    {
        (GraphNode node, bool isFlat) = mark;
        if (!isFlat)
        {
            _backReferences.GetValueOrDefault(node)?.ForEach(kept => Add(kept, false));
        }

        switch (node.Kind)
        {
            case CtrResourceKind.Content when _records.Blobs.TryGetValue(node.Key, out Info? blob):
                FollowLabels(blob.Labels, isFlat);
                break;
            case CtrResourceKind.Snapshot when _records.Snapshots.TryGetValue((node.Snapshotter, node.Key), out var snapshot):
                if (snapshot.Parent.Length > 0)
                {
                    Add(node with { Key = snapshot.Parent }, isFlat);
                }

                FollowLabels(snapshot.Labels, isFlat);
                break;
            case CtrResourceKind.Image when _records.Images.TryGetValue(node.Key, out Image? image):
                Add(new GraphNode(CtrResourceKind.Content, node.Namespace, image.Target.Digest), isFlat);
                FollowLabels(image.Labels, isFlat);
                break;
            case CtrResourceKind.Container when _records.Containers.TryGetValue(node.Key, out Container? container):
                if (container.Snapshotter.Length > 0)
                {
                    Add(new GraphNode(CtrResourceKind.Snapshot, node.Namespace, container.SnapshotKey, container.Snapshotter), false);
                }

                FollowLabels(container.Labels);
                break;
            case CtrResourceKind.Ingest when _records.Ingests.FirstOrDefault(one => one.Ref == node.Key) is { Expected.Length: > 0 } ingest:
                Add(new GraphNode(CtrResourceKind.Content, node.Namespace, ingest.Expected), false);
                break;
            default:
                break; // a lease, or nothing that is there
        }
    }

    private void FollowLabels(MapField<string, string> labels, bool isFlat = false)
    {
        foreach ((string key, string value) in labels)
        {
            if (!isFlat && _rules.Reference(_records.Name, key, value) is { } kept)
            {
                Add(kept, false);
            }
        }
    }

    /// <summary>What a lease holds. Null where it is of no kind that is known.</summary>
    public static GraphNode? NodeOf(string @namespace, Resource resource) => resource.Type switch
    {
        CtrLeaseResource.Content => new GraphNode(CtrResourceKind.Content, @namespace, resource.Id),
        CtrLeaseResource.Ingests => new GraphNode(CtrResourceKind.Ingest, @namespace, resource.Id),
        CtrLeaseResource.Images => new GraphNode(CtrResourceKind.Image, @namespace, resource.Id),
        _ when resource.Type.StartsWith(CtrLeaseResource.Snapshots, StringComparison.Ordinal) =>
            new GraphNode(CtrResourceKind.Snapshot, @namespace, resource.Id, resource.Type[CtrLeaseResource.Snapshots.Length..]),
        _ => null,
    };
}
