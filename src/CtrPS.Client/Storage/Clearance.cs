using Containerd.Services.Containers.V1;
using Containerd.Services.Images.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
internal sealed class Clearance : IClearance
{
    private const string KubernetesNamespace = "k8s.io";
    private const string KubernetesLabel = "io.cri-containerd.kind";
    private const string NerdctlLabels = "nerdctl/";
    private static readonly string[] DockerNamespaces = ["moby", "plugins.moby"];

    private readonly StorageGraph _graph;
    private readonly CtrClearRequest _request;
    private readonly IReadOnlyDictionary<GraphNode, long> _snapshots;
    private readonly long? _goal;

    /// <param name="graph">The daemon.</param>
    /// <param name="request">What may go.</param>
    /// <param name="snapshots">What snapshots take: at least those of <see cref="SnapshotsOfInterest"/>.</param>
    /// <param name="missing">Bytes that the file system lacks. Null: that is not asked for.</param>
    public Clearance(StorageGraph graph, CtrClearRequest request, IReadOnlyDictionary<GraphNode, long> snapshots, long? missing)
    {
        _graph = graph;
        _request = request;
        _snapshots = snapshots;
        _goal = missing ?? request.Reclaim;
        Place = request.Namespaces.FirstOrDefault(name => graph.Namespaces.Any(records => records.Name == name));
    }

    /// <summary>The namespace in which the collection is asked for: abandoned leases of ours end there with it. Null: none is there.</summary>
    public string? Place { get; }

    /// <summary>Something that may go.</summary>
    public sealed record Candidate(CtrClearKey Key, IReadOnlyList<GraphNode> Records, CtrClearedResource Item)
    {
        /// <summary>Containers that have to go before it.</summary>
        public IReadOnlyList<CtrClearKey> Needs { get; init; } = [];
    }

    /// <summary>The snapshots whose size a plan could ask for: not a container's that stays, as the daemon would walk its folders.</summary>
    public IEnumerable<GraphNode> SnapshotsOfInterest()
    {
        var gains = new RemovalGains(
            _graph, _snapshots, [.. Candidates(new HashSet<CtrClearKey>(), [], withSize: false).Select(one => one.Records)], IsEnded);
        IEnumerable<GraphNode> committed = _request.MinimumSize == 0 ? [] : _graph.Namespaces.SelectMany(records => records.Snapshots
            .Where(one => one.Value.Kind == Containerd.Services.Snapshots.V1.Kind.Committed)
            .Select(one => new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key.Key, one.Key.Snapshotter)));
        return gains.Snapshots.Concat(committed).Distinct();
    }

    public CtrClearPlan Plan(IReadOnlySet<CtrClearKey> refused)
    {
        var held = new List<(CtrClearKey, string)>();
        Candidate[] all = [.. Candidates(refused, held, withSize: true)];
        RemovalGains gains = Gains(all);
        List<int> chosen = Choose(all, gains, _goal - gains.Garbage);
        gains = Gains(all);

        // They go with the last name, if all of them go.
        HashSet<int> withAliases = [.. chosen.GroupBy(i => (all[i].Key.Namespace, all[i].Item.Digest))
            .Where(some => some.Count() == all.Count(one => (one.Key.Namespace, one.Item.Digest) == some.Key)).Select(some => some.Last())];
        return new CtrClearPlan
        {
            Items = [.. chosen.Select(i => all[i].Item.With(item =>
            {
                item.Freed = gains.Take(i);
                item.Aliases = withAliases.Contains(i) ? item.Aliases : CtrList<string>.Empty;
            }))],
            Garbage = gains.Garbage,
            Goal = _goal,
            Held = held,
        };
    }

    /// <summary>Those of a plan that still may go, by their keys; and why others may not.</summary>
    public (IReadOnlyList<Candidate> Candidates, RemovalGains Gains, IReadOnlyDictionary<CtrClearKey, string> Held) StillOf(
        IReadOnlyList<CtrClearedResource> items)
    {
        HashSet<CtrClearKey> wanted = [.. items.Select(KeyOf)];
        var held = new List<(CtrClearKey Key, string Why)>();
        Dictionary<CtrClearKey, Candidate> all = Candidates(new HashSet<CtrClearKey>(), held, withSize: true, wanted).ToDictionary(one => one.Key);
        Candidate[] still = [.. items
            .Select(item => all.TryGetValue(KeyOf(item), out Candidate? one) && one.Item.Digest == item.Digest ? one : null).OfType<Candidate>()];
        return (still, Gains(still), held.DistinctBy(one => one.Key).ToDictionary(one => one.Key, one => one.Why));
    }

    /// <summary>What a snapshot takes.</summary>
    public long SizeOf(GraphNode snapshot) => _snapshots.GetValueOrDefault(snapshot);

    public static CtrClearKey KeyOf(CtrClearedResource item) => new(item.Kind, item.Namespace, item.Name);

    /// <summary>
    /// The first of the order that reach the goal, without those that later ones made superfluous: given back from the last to the first, so that
    /// what was used least recently goes.
    /// </summary>
    private static List<int> Choose(Candidate[] all, RemovalGains gains, long? goal)
    {
        var chosen = new List<int>();
        long freed = 0;
        for (int i = 0; i < all.Length && (goal is null || freed < goal); i++)
        {
            freed += gains.Take(i);
            chosen.Add(i);
        }

        if (goal is null || freed < goal)
        {
            return chosen;
        }

        for (int at = chosen.Count - 1; at >= 0; at--)
        {
            int i = chosen[at];
            if (chosen.Any(other => all[other].Needs.Contains(all[i].Key)))
            {
                continue;
            }

            long loss = gains.GiveBack(i);
            if (freed - loss >= goal)
            {
                freed -= loss;
                chosen.RemoveAt(at);
            }
            else
            {
                _ = gains.Take(i);
            }
        }

        return chosen;
    }

    private RemovalGains Gains(IReadOnlyList<Candidate> all) => new(_graph, _snapshots, [.. all.Select(one => one.Records)], IsEnded);

    private bool IsEnded(string @namespace, Leases.LeaseInfo lease) => @namespace == Place && lease is { IsAbandoned: true, Work: null };

    /// <summary>What may go, in its order: containers, then images, those that were not changed the longest first.</summary>
    private IEnumerable<Candidate> Candidates(
        IReadOnlySet<CtrClearKey> refused, List<(CtrClearKey, string)> held, bool withSize, HashSet<CtrClearKey>? only = null)
    {
        NamespaceRecords[] wanted = [.. _graph.Namespaces.Where(records => _request.Namespaces.Contains(records.Name))];
        bool IsOut(CtrClearKey key) => refused.Contains(key) || only?.Contains(key) == false;
        Candidate[] containers = !_request.WithContainers ? [] :
        [
            .. wanted.SelectMany(records => Containers(records, held)).Where(one => !IsOut(one.Key))
                .OrderBy(one => one.Item.Since).ThenBy(one => one.Key.Namespace, StringComparer.Ordinal)
                .ThenBy(one => one.Key.Name, StringComparer.Ordinal),
        ];
        HashSet<GraphNode> ended = [.. containers.SelectMany(one => one.Records)];
        var use = new ImageUse(_graph, ended.Contains);
        ImageUse before = ended.Count == 0 ? use : new ImageUse(_graph);
        IEnumerable<Candidate> images = wanted.SelectMany(records => Images(records, use, held, withSize, IsOut)).Select(one => one with
        {
            Needs = [.. before.UsersOf(one.Key.Namespace, one.Item.Digest!)
                .Select(user => new CtrClearKey(CtrResourceKind.Container, user.Namespace, user.Id))],
        });
        return containers.Concat(images.OrderBy(one => one.Item.Since)
            .ThenBy(one => one.Key.Namespace, StringComparer.Ordinal).ThenBy(one => one.Key.Name, StringComparer.Ordinal));
    }

    private List<Candidate> Images(
        NamespaceRecords records, ImageUse use, List<(CtrClearKey, string)> held, bool withSize, Func<CtrClearKey, bool> isOut)
    {
        ImageRow[] rows = [.. ImageRow.Of([.. records.Images.Values], allRecords: false)];
        HashSet<string> last = LastOfRepositories(rows);
        var found = new List<ImageRow>();
        foreach (ImageRow row in rows)
        {
            var key = new CtrClearKey(CtrResourceKind.Image, records.Name, row.Record.Name);
            string? why = WhyNot(row, records.Name, use, last, withSize);
            if (why is not null)
            {
                held.Add((key, why));
            }
            else if (!isOut(key))
            {
                found.Add(row);
            }
        }

        // Aliases go with the last name: where a name stays, they stay.
        ILookup<string, ImageRow> all = rows.ToLookup(row => row.Record.Target.Digest, StringComparer.Ordinal);
        ILookup<string, ImageRow> going = found.ToLookup(row => row.Record.Target.Digest, StringComparer.Ordinal);
        return [.. found.Select(row =>
        {
            string digest = row.Record.Target.Digest;
            Image[] aliases = going[digest].Count() == all[digest].Count() ? [.. row.Aliases ?? []] : [];
            var item = new CtrClearedResource
            {
                Kind = CtrResourceKind.Image,
                Namespace = records.Name,
                Name = row.Record.Name,
                Aliases = [.. aliases.Select(alias => alias.Name)],
                Digest = digest,
                Target = new CtrClearTarget(row.Record.Target.MediaType, row.Record.Target.Size),
                Since = SinceOf(row),
            };
            Image[] names = [row.Record, .. aliases];
            return new Candidate(
                KeyOf(item), [.. names.Select(image => new GraphNode(CtrResourceKind.Image, records.Name, image.Name))], item);
        })];
    }

    private string? WhyNot(ImageRow row, string @namespace, ImageUse use, HashSet<string> last, bool withSize)
    {
        Image record = row.Record;
        return use.WhyHeld(@namespace, record.Target.Digest) is { } held ? held
            : _request.OnlyDangling && !IsDangling(record.Name) ? "It has a tag."
            : (row.Aliases ?? []).Prepend(record).Any(one => _request.Keep(one.Name)) ? "It is to be kept."
            : last.Contains(record.Name) ? $"It is one of the last {_request.KeepLast} of its repository."
            : _request.Before is { } before && !(SinceOf(row) <= before) ? "It is younger."
            : withSize && _request.MinimumSize > 0 && SizeOf(row, @namespace) < _request.MinimumSize ? "It is smaller."
            : null;
    }

    private static DateTimeOffset? SinceOf(ImageRow row) => (row.Aliases ?? []).Prepend(row.Record)
        .Max(image => WireTime.ToTime(image.UpdatedAt) ?? WireTime.ToTime(image.CreatedAt));

    /// <summary>No tag: by digest or id alone, or what clients write for none, such as <c>&lt;none&gt;@sha256:...</c> and <c>:</c>.</summary>
    private static bool IsDangling(string name) =>
        name == ":" || Digests.IsValid(name[(name.LastIndexOf('@') + 1)..])
            && !(CtrImageReference.TryParse(name, out CtrImageReference? reference) && reference.Tag is not null);

    /// <summary>All that is on the disk of it, whoever else needs it.</summary>
    private long SizeOf(ImageRow row, string @namespace)
    {
        Image[] names = [row.Record, .. row.Aliases ?? []];
        var owner = new GraphOwner(
            CtrDiskUsageKind.Image, row.Record.Name, @namespace,
            [.. names.Select(image => new GraphNode(CtrResourceKind.Image, @namespace, image.Name))]);
        return GraphOwners.Reach(_graph, owner).Sum(node => _graph.SizeOf(node) ?? _snapshots.GetValueOrDefault(node));
    }

    /// <summary>The names of the newest images of each repository, whether something works with them or not.</summary>
    private HashSet<string> LastOfRepositories(ImageRow[] rows)
    {
        var last = new HashSet<string>(StringComparer.Ordinal);
        foreach (var repository in _request.KeepLast == 0 ? [] : rows
            .Select(row => (Row: row, Place: CtrImageReference.TryParse(row.Record.Name, out CtrImageReference? it) ? it : null))
            .Where(one => one.Place is not null)
            .GroupBy(one => (one.Place!.Registry, one.Place.Repository), one => one.Row))
        {
            last.UnionWith(repository.GroupBy(row => row.Record.Target.Digest)
                .OrderByDescending(some => some.Max(SinceOf)).ThenBy(some => some.Key, StringComparer.Ordinal)
                .Take(_request.KeepLast).SelectMany(some => some).Select(row => row.Record.Name));
        }

        return last;
    }

    private IEnumerable<Candidate> Containers(NamespaceRecords records, List<(CtrClearKey, string)> held)
    {
        ILookup<string, CtrTask> tasks = records.Tasks.ToLookup(task => task.Id, StringComparer.Ordinal);
        foreach (Container container in records.Containers.Values)
        {
            CtrTask? task = tasks[container.Id].FirstOrDefault();
            DateTimeOffset?[] times = [WireTime.ToTime(container.UpdatedAt) ?? WireTime.ToTime(container.CreatedAt), task?.ExitedAt];
            var item = new CtrClearedResource
            {
                Kind = CtrResourceKind.Container,
                Namespace = records.Name,
                Name = container.Id,
                Since = times.Max(),
            };
            string? why = task is not null && task.State != CtrTaskState.Stopped ? $"Its task is {task.State}."
                : !_request.WithManaged && ManagerOf(records.Name, container) is { } manager ? $"{manager} manages it."
                : _request.Before is { } before && !(item.Since <= before) ? "It is younger."
                : null;
            if (why is null)
            {
                yield return new Candidate(KeyOf(item), [new GraphNode(CtrResourceKind.Container, records.Name, container.Id)], item);
            }
            else
            {
                held.Add((KeyOf(item), why));
            }
        }
    }

    private static string? ManagerOf(string @namespace, Container container) =>
        @namespace == KubernetesNamespace || container.Labels.ContainsKey(KubernetesLabel) ? "The kubelet"
        : DockerNamespaces.Contains(@namespace) ? "The docker daemon"
        : container.Labels.Keys.Any(key => key.StartsWith(NerdctlLabels, StringComparison.Ordinal)) ? "nerdctl"
        : container.Labels.TryGetValue(RestartLabels.Status, out string? status) && status == "running" ? "containerd's restart monitor"
        : null;
}
