using Containerd.Services.Containers.V1;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Storage;

/// <summary>Which images something works with: containers of any namespace, leases, whoever pinned them, the sandboxes of pods.</summary>
/// <remarks>
/// A container uses what its name for the image points to, what Kubernetes' record of it names, and what its file system stands on; in other
/// namespaces what has a manifest or a config in common with one of these, or is unpacked to the same snapshot. So a second tag, a digest or an id
/// that points to what is used is used, too.
/// </remarks>
internal sealed class ImageUse
{
    /// <summary>Users of an image that are named at most.</summary>
    private const int MaxNamed = 3;

    private readonly StorageGraph _graph;
    private readonly Func<GraphNode, bool> _isGone;
    private readonly Dictionary<ImageKey, Image> _images = [];
    private readonly Dictionary<string, HashSet<ImageKey>> _byDocument = new(StringComparer.Ordinal);
    private readonly Dictionary<GraphNode, HashSet<ImageKey>> _byTop = [];
    private readonly Dictionary<string, HashSet<ImageKey>> _byChain = new(StringComparer.Ordinal);

    /// <param name="graph">The daemon.</param>
    /// <param name="isGone">Containers that count as gone. Null: none.</param>
    public ImageUse(StorageGraph graph, Func<GraphNode, bool>? isGone = null)
    {
        _graph = graph;
        _isGone = isGone ?? (_ => false);
        foreach (NamespaceRecords records in graph.Namespaces)
        {
            foreach (IGrouping<string, Containerd.Services.Images.V1.Image> some in records.Images.Values.GroupBy(image => image.Target.Digest))
            {
                AddImage(records, some);
            }
        }

        foreach (NamespaceRecords records in graph.Namespaces)
        {
            AddContainers(records);
            AddLeases(records);
        }
    }

    private readonly record struct ImageKey(string Namespace, string Digest);

    /// <summary>What is known of what names of a namespace point to.</summary>
    private sealed class Image
    {
        /// <summary>Digests of its indexes, manifests and configs.</summary>
        public HashSet<string> Documents { get; } = [];

        public HashSet<(string Namespace, string Id)> Users { get; } = [];

        public HashSet<string> Leases { get; } = [];

        public bool IsPinned { get; init; }

        public bool IsPause { get; init; }
    }

    /// <summary>The containers of an image's own namespace that use it, by their ids.</summary>
    public IEnumerable<string> UsersIn(string @namespace, string digest) =>
        UsersOf(@namespace, digest).Where(user => user.Namespace == @namespace).Select(user => user.Id).Order(StringComparer.Ordinal);

    /// <summary>The containers of any namespace that use an image.</summary>
    public IEnumerable<(string Namespace, string Id)> UsersOf(string @namespace, string digest) => _images[new(@namespace, digest)].Users;

    /// <summary>Why an image is none to be cleared away, as a sentence. Null: nothing works with it.</summary>
    public string? WhyHeld(string @namespace, string digest) => _images.GetValueOrDefault(new(@namespace, digest)) switch
    {
        null => null,
        { Users.Count: > 0 } one =>
            Words([.. one.Users.Select(user => user.Namespace == @namespace ? user.Id : $"{user.Id} of namespace {user.Namespace}")
                .Order(StringComparer.Ordinal)]),
        { IsPinned: true } => "It is pinned.",
        { Leases: { Count: > 0 } leases } => $"The lease '{leases.Order(StringComparer.Ordinal).First()}' holds it.",
        { IsPause: true } => "The sandboxes of Kubernetes' pods are made from it.",
        _ => null,
    };

    /// <summary>Who uses an image, as a sentence.</summary>
    public static string Words(IReadOnlyCollection<string> users)
    {
        string more = users.Count > MaxNamed ? $" and {users.Count - MaxNamed} more" : "";
        (string noun, string verb) = users.Count == 1 ? ("Container", "uses") : ("Containers", "use");
        return $"{noun} {string.Join(", ", users.Take(MaxNamed))}{more} {verb} it.";
    }

    /// <summary>
    /// Whether a name is that of the image that sandboxes of pods are made from: what the daemon's configuration says; registries and distributions
    /// have it under a repository whose last part is <c>pause</c>, with another word or without.
    /// </summary>
    private bool IsPause(string name)
    {
        if (_graph.SandboxImages.Contains(name))
        {
            return true;
        }

        if (!CtrImageReference.TryParse(name, out CtrImageReference? reference))
        {
            return false;
        }

        string last = reference.Repository[(reference.Repository.LastIndexOf('/') + 1)..];
        return last == "pause" || last.EndsWith("-pause", StringComparison.Ordinal) || last.StartsWith("pause-", StringComparison.Ordinal);
    }

    private void AddImage(NamespaceRecords records, IGrouping<string, Containerd.Services.Images.V1.Image> some)
    {
        var key = new ImageKey(records.Name, some.Key);
        var image = new Image { IsPinned = some.Any(Records.IsPinned), IsPause = some.Any(record => IsPause(record.Name)) };
        _images[key] = image;
        var start = new GraphNode(CtrResourceKind.Content, records.Name, some.Key);
        var seen = new HashSet<GraphNode> { start };
        var left = new Stack<GraphNode>([start]);
        while (left.TryPop(out GraphNode node))
        {
            if (node == start || _graph.IsDocument(node))
            {
                _ = image.Documents.Add(node.Key);
                Index(_byDocument, node.Key).Add(key);
            }

            foreach (GraphEdge edge in _graph.From(node))
            {
                if (edge.To.Kind == CtrResourceKind.Snapshot)
                {
                    _ = Index(_byTop, edge.To).Add(key);
                    if (Digests.IsValid(edge.To.Key))
                    {
                        _ = Index(_byChain, edge.To.Key).Add(key);
                    }
                }
                else if (edge.To.Kind == CtrResourceKind.Content && seen.Add(edge.To))
                {
                    left.Push(edge.To);
                }
            }
        }
    }

    private void AddContainers(NamespaceRecords records)
    {
        foreach (Container container in records.Containers.Values)
        {
            var node = new GraphNode(CtrResourceKind.Container, records.Name, container.Id);
            if (_isGone(node))
            {
                continue;
            }

            var used = new HashSet<ImageKey>();
            foreach (GraphEdge edge in _graph.From(node).Where(edge => edge.Relation == CtrRelation.Image))
            {
                _ = used.Add(new ImageKey(records.Name, records.Images[edge.To.Key].Target.Digest));
            }

            foreach (string digest in new[] { container.Image, KubernetesImage.Of(container) }.Select(DigestOf).OfType<string>())
            {
                used.UnionWith(_byDocument.GetValueOrDefault(digest) ?? []);
            }

            if (container is { Snapshotter.Length: > 0, SnapshotKey.Length: > 0 })
            {
                var root = new GraphNode(CtrResourceKind.Snapshot, records.Name, container.SnapshotKey, container.Snapshotter);
                used.UnionWith(StandsOn(records, root));
            }

            foreach (ImageKey key in used.Concat(used.SelectMany(Same)).Distinct().ToArray())
            {
                _ = _images[key].Users.Add((records.Name, container.Id));
            }
        }
    }

    /// <summary>The digest of a name that is one, or that ends in one.</summary>
    private static string? DigestOf(string? name) =>
        name?[(name.LastIndexOf('@') + 1)..] is { } digest && Digests.IsValid(digest) ? digest : null;

    /// <summary>The images whose unpacked top is the nearest below a snapshot, in all namespaces.</summary>
    private HashSet<ImageKey> StandsOn(NamespaceRecords records, GraphNode snapshot)
    {
        // As many steps as there are snapshots: a daemon knows no circles, but what it tells is not trusted.
        GraphNode at = snapshot;
        for (int i = 0; i <= records.Snapshots.Count; i++)
        {
            if (Digests.IsValid(at.Key) && _byChain.TryGetValue(at.Key, out HashSet<ImageKey>? same))
            {
                return same;
            }

            if (_byTop.TryGetValue(at, out HashSet<ImageKey>? own))
            {
                return own;
            }

            if (!records.Snapshots.TryGetValue((at.Snapshotter, at.Key), out var info) || info.Parent.Length == 0)
            {
                break;
            }

            at = at with { Key = info.Parent };
        }

        return [];
    }

    /// <summary>The images that have a manifest or a config in common with one.</summary>
    private IEnumerable<ImageKey> Same(ImageKey key) =>
        _images.TryGetValue(key, out Image? image) ? image.Documents.SelectMany(document => _byDocument[document]) : [];

    /// <summary>A lease holds an image by its record, by one of its documents, or by a snapshot that stands on it, as that of a mount does.</summary>
    private void AddLeases(NamespaceRecords records)
    {
        foreach (LeaseHold lease in records.Leases.Where(lease =>
            !CollectorView.IsOver(lease.Info, _graph.Now) && lease.Info is not { IsAbandoned: true, Work: null }))
        {
            foreach (GraphNode held in lease.Resources.Select(resource => CollectorView.NodeOf(records.Name, resource)).OfType<GraphNode>())
            {
                IEnumerable<ImageKey> images = held.Kind switch
                {
                    CtrResourceKind.Image when records.Images.TryGetValue(held.Key, out var record) => [new(records.Name, record.Target.Digest)],
                    CtrResourceKind.Content => _byDocument.GetValueOrDefault(held.Key) ?? [],
                    CtrResourceKind.Snapshot => StandsOn(records, held),
                    _ => [],
                };
                foreach (ImageKey key in images.Where(key => key.Namespace == records.Name))
                {
                    _ = _images[key].Leases.Add(lease.Info.Id);
                }
            }
        }
    }

    private static HashSet<ImageKey> Index<TKey>(Dictionary<TKey, HashSet<ImageKey>> index, TKey key)
        where TKey : notnull => index.TryGetValue(key, out HashSet<ImageKey>? some) ? some : index[key] = [];
}
