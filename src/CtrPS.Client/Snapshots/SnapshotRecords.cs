using Containerd.Services.Snapshots.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Posix;
using CtrPS.Client.Server;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using Microsoft.Win32.SafeHandles;
using Info = Containerd.Services.Snapshots.V1.Info;

namespace CtrPS.Client.Snapshots;

/// <inheritdoc/>
internal sealed class SnapshotRecords(
    GrpcChannel channel,
    Calls calls,
    SnapshotStore snapshots,
    ContentStore content,
    LeaseStore leases,
    Unpacker unpacker,
    ServerFacts server,
    DaemonMachine machine) : ISnapshotRecords
{
    private const string What = "The file systems of snapshots";

    private readonly Containerd.Services.Snapshots.V1.Snapshots.SnapshotsClient _client = new(channel);

    public async Task<IReadOnlyList<string>> ListSnapshottersAsync(CancellationToken cancellationToken) =>
        [.. (await server.GetSnapshottersAsync(cancellationToken).ConfigureAwait(false)).Order(StringComparer.Ordinal)];

    public Task<string> ChooseSnapshotterAsync(string @namespace, string? given, CancellationToken cancellationToken) =>
        unpacker.ChooseSnapshotterAsync(@namespace, given, cancellationToken);

    public async Task<IReadOnlyList<CtrSnapshot>> ListAsync(string @namespace, string snapshotter, CancellationToken cancellationToken)
    {
        var all = new List<CtrSnapshot>();
        await foreach (Info info in snapshots.ListAsync(@namespace, snapshotter, cancellationToken).ConfigureAwait(false))
        {
            all.Add(ToSnapshot(info, snapshotter, @namespace));
        }

        return [.. all.OrderBy(one => one.Key, StringComparer.Ordinal)];
    }

    public async Task<CtrSnapshot?> FindAsync(string @namespace, string snapshotter, string key, CancellationToken cancellationToken) =>
        await snapshots.FindAsync(@namespace, snapshotter, key, cancellationToken).ConfigureAwait(false) is { } info
            ? ToSnapshot(info, snapshotter, @namespace)
            : null;

    public async Task<(long Size, long Inodes)?> MeasureAsync(CtrSnapshot one, CancellationToken cancellationToken) =>
        await snapshots.FindUsageAsync(one.Namespace, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false) is { } usage
            ? (usage.Size, usage.Inodes)
            : null;

    public async Task<CtrSnapshot> CreateAsync(CtrSnapshotRequest request, CancellationToken cancellationToken)
    {
        if (request.Parent.Length > 0)
        {
            CtrSnapshot parent = await FindAsync(request.Namespace, request.Snapshotter, request.Parent, cancellationToken).ConfigureAwait(false)
                ?? throw NotFound(request.Parent, request);
            if (parent.Kind != CtrSnapshotKind.Committed)
            {
                string what = parent.Kind == CtrSnapshotKind.View ? "is a view" : "is still written";
                throw new CtrException(
                    CtrErrorIds.FailedPrecondition,
                    CtrStatus.FailedPrecondition,
                    $"The snapshot '{request.Parent}' of {request.Snapshotter} in namespace '{request.Namespace}' {what}: none is made on it.")
                {
                    Target = request.Parent,
                    RecommendedAction = parent.Kind == CtrSnapshotKind.View
                        ? $"Name the one that it shows: '{parent.Parent}'."
                        : "Freeze it first with Complete-CtrSnapshot.",
                };
            }
        }

        return await HeldAsync(request, lease => CreateAsync(request, lease, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private async Task<CtrSnapshot> CreateAsync(CtrSnapshotRequest request, string? lease, CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Snapshot(request.Key, request.Snapshotter, request.Namespace);
        if (request.IsView)
        {
            var view = new ViewSnapshotRequest { Snapshotter = request.Snapshotter, Key = request.Key, Parent = request.Parent };
            view.Labels.Add(request.Labels.ToDictionary());
            _ = await calls.InvokeAsync(
                () => _client.ViewAsync(view, calls.Unary(request.Namespace, cancellationToken, lease)), subject, cancellationToken)
                .ConfigureAwait(false);
        }
        else
        {
            var prepare = new PrepareSnapshotRequest { Snapshotter = request.Snapshotter, Key = request.Key, Parent = request.Parent };
            prepare.Labels.Add(request.Labels.ToDictionary());
            _ = await calls.InvokeAsync(
                () => _client.PrepareAsync(prepare, calls.Unary(request.Namespace, cancellationToken, lease)), subject, cancellationToken)
                .ConfigureAwait(false);
        }

        return await GetAsync(request.Namespace, request.Snapshotter, request.Key, cancellationToken).ConfigureAwait(false);
    }

    public Task<CtrSnapshot> CommitAsync(CtrSnapshot one, CtrSnapshotRequest request, CancellationToken cancellationToken) =>
        HeldAsync(request, lease => CommitAsync(one, request, lease, cancellationToken), cancellationToken);

    private async Task<CtrSnapshot> CommitAsync(CtrSnapshot one, CtrSnapshotRequest request, string? lease, CancellationToken cancellationToken)
    {
        var commit = new CommitSnapshotRequest { Snapshotter = one.Snapshotter, Name = request.Key, Key = one.Key };
        commit.Labels.Add(request.Labels.ToDictionary());
        _ = await calls.InvokeAsync(
            () => _client.CommitAsync(commit, Calls.Unbounded(one.Namespace, cancellationToken, lease)),
            CallSubject.Snapshot(request.Key, one.Snapshotter, one.Namespace),
            cancellationToken).ConfigureAwait(false);
        return await GetAsync(one.Namespace, one.Snapshotter, request.Key, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CtrSnapshotMount>> ListMountsAsync(CtrSnapshot one, string target, CancellationToken cancellationToken)
    {
        IReadOnlyList<Mount> mounts = await snapshots.GetMountsAsync(
            one.Namespace, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false);
        return
        [
            .. mounts.Select(mount => new CtrSnapshotMount
            {
                Namespace = one.Namespace,
                Key = one.Key,
                Snapshotter = one.Snapshotter,
                Target = target,
                Type = mount.Type,
                Source = mount.Source,
                SubFolder = mount.Target,
                Options = [.. mount.Options],
                CommandLine = LineOf(mount, target),
            }),
        ];
    }

    public async Task<(string Path, bool HidesFiles)> CheckTargetAsync(string target, CancellationToken cancellationToken)
    {
        await machine.RequireRootAsync(What, cancellationToken).ConfigureAwait(false);
        return SnapshotMounts.CheckTarget(target, "A snapshot");
    }

    public async Task<IReadOnlyList<CtrSnapshotMount>> MountAsync(CtrSnapshot one, string target, CancellationToken cancellationToken)
    {
        (target, _) = await CheckTargetAsync(target, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Mount> mounts = await snapshots.GetMountsAsync(
            one.Namespace, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false);
        using SafeFileHandle? turn = await SnapshotMounts.TakeTurnAsync(mounts, cancellationToken).ConfigureAwait(false);
        var table = MountTable.Read();
        if (one.Kind == CtrSnapshotKind.Active && table.All.FirstOrDefault(entry => SnapshotMounts.IsOf(mounts, entry)) is { } other)
        {
            throw Mounted(
                one, $"is mounted at '{other.Path}' already, and what is written through two mounts gets lost", "Use it there, or end that first.");
        }

        Lease lease;
        try
        {
            lease = await leases.CreateForMountAsync(one.Namespace, target, table.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.LeaseExists)
        {
            throw Mounted(
                one,
                $"was not mounted: something is mounted at '{target}', or was and is still kept for it",
                "End it with Dismount-CtrSnapshot or Dismount-CtrImage, or mount in another folder.",
                e);
        }

        bool done = false;
        try
        {
            await leases.AddSnapshotAsync(lease, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false);
            SnapshotMounts.Mount(mounts, target);
            done = true;
            return await ListMountsAsync(one, target, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            if (!done)
            {
                await lease.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async Task<IReadOnlyList<string>> ListTargetsAsync(CtrSnapshot one, CancellationToken cancellationToken)
    {
        var targets = new List<string>();
        foreach (LeaseInfo lease in await leases.ListAsync(one.Namespace, cancellationToken).ConfigureAwait(false))
        {
            if (lease.Mount is not null
                && lease.Id != one.Key // an image's
                && (await leases.ListSnapshotsAsync(one.Namespace, lease.Id, one.Snapshotter, cancellationToken).ConfigureAwait(false))
                    .Contains(one.Key))
            {
                targets.Add(lease.Id);
            }
        }

        return targets;
    }

    public async Task DismountAsync(CtrSnapshot one, string target, bool force, CancellationToken cancellationToken)
    {
        await machine.RequireRootAsync(What, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Mount> mounts = await snapshots.GetMountsAsync(
            one.Namespace, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false);
        await SnapshotMounts.UnmountAsync(mounts, target, "snapshot", force, cancellationToken).ConfigureAwait(false);
        await leases.DeleteAsync(one.Namespace, target, collect: false, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ICtrSnapshotDiff> CompareAsync(CtrSnapshot one, string mediaType, CancellationToken cancellationToken)
    {
        Lease lease = await leases.CreateAsync(one.Namespace, cancellationToken).ConfigureAwait(false);
        try
        {
            Descriptor layer = await unpacker.PackAsync(
                lease, one.Snapshotter, one.Key, one.Parent, isCommitted: one.Kind == CtrSnapshotKind.Committed, mediaType, cancellationToken)
                .ConfigureAwait(false);
            return new SnapshotDiff(content, leases, lease, layer);
        }
        catch
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task SetLabelsAsync(
        CtrSnapshot one, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken)
    {
        var request = new UpdateSnapshotRequest { Snapshotter = one.Snapshotter, Info = new Info { Name = one.Key }, UpdateMask = new FieldMask() };
        request.Info.Labels.Add(LabelUpdate.Values(labels, replaceAll));
        request.UpdateMask.Paths.AddRange(LabelUpdate.Mask(labels, replaceAll));
        _ = await calls.InvokeAsync(
            () => _client.UpdateAsync(request, calls.Unary(one.Namespace, cancellationToken)),
            CallSubject.Snapshot(one.Key, one.Snapshotter, one.Namespace),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task RemoveAsync(CtrSnapshot one, CancellationToken cancellationToken)
    {
        try
        {
            await snapshots.RemoveAsync(one.Namespace, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Status == CtrStatus.FailedPrecondition)
        {
            bool isParent = (await ListAsync(one.Namespace, one.Snapshotter, cancellationToken).ConfigureAwait(false))
                .Any(child => child.Parent == one.Key);
            if (isParent || !await CollectAsync(one, cancellationToken).ConfigureAwait(false))
            {
                throw InUse(one, isParent, e);
            }
        }
    }

    /// <summary>
    /// Has the garbage collector take a snapshot. What it took of those that were made on one, it leaves in the count of its children
    /// (containerd, core/metadata/gc.go): then nobody but itself can remove that one.
    /// </summary>
    /// <returns>Whether it is gone.</returns>
    private async Task<bool> CollectAsync(CtrSnapshot one, CancellationToken cancellationToken)
    {
        var noRoot = new Dictionary<string, string?> { [CollectorLabels.Root] = null };
        await SetLabelsAsync(one, noRoot, replaceAll: false, cancellationToken).ConfigureAwait(false);
        Lease lease = await leases.CreateAsync(one.Namespace, cancellationToken).ConfigureAwait(false);
        await lease.DisposeAsync().ConfigureAwait(false); // with its end comes a collection
        return await FindAsync(one.Namespace, one.Snapshotter, one.Key, cancellationToken).ConfigureAwait(false) is null;
    }

    private static CtrException Mounted(CtrSnapshot one, string why, string wayOut, Exception? cause = null) => new(
        CtrErrorIds.MountExists,
        CtrStatus.AlreadyExists,
        $"The snapshot '{one.Key}' of {one.Snapshotter} in namespace '{one.Namespace}' {why}.",
        cause)
    {
        Target = one.Key,
        RecommendedAction = wayOut,
    };

    private static CtrException InUse(CtrSnapshot one, bool isParent, CtrException cause)
    {
        string why = isParent ? "others are made on it" : "containerd counts one that is made on it and is gone, and something keeps it";
        return new CtrException(
            CtrErrorIds.SnapshotInUse,
            CtrStatus.FailedPrecondition,
            $"The snapshot '{one.Key}' of {one.Snapshotter} in namespace '{one.Namespace}' was not removed: {why}.",
            cause)
        {
            Target = one.Key,
            RecommendedAction = isParent
                ? "Remove those first, or use -Recurse."
                : "Remove what keeps it, such as a lease: the garbage collector takes it then.",
        };
    }

    private async Task<CtrSnapshot> GetAsync(string @namespace, string snapshotter, string key, CancellationToken cancellationToken)
    {
        StatSnapshotResponse response = await calls.InvokeAsync(
            () => _client.StatAsync(new StatSnapshotRequest { Snapshotter = snapshotter, Key = key }, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Snapshot(key, snapshotter, @namespace),
            cancellationToken).ConfigureAwait(false);
        return ToSnapshot(response.Info, snapshotter, @namespace);
    }

    /// <summary>
    /// Makes a snapshot under the lease that is to keep it. What nothing is to keep may be collected at any time: a lease of ours holds it until it
    /// was read. The end of that is no cause of a collection.
    /// </summary>
    private async Task<CtrSnapshot> HeldAsync(
        CtrSnapshotRequest request, Func<string?, Task<CtrSnapshot>> make, CancellationToken cancellationToken)
    {
        if (request.Lease is { } id)
        {
            await leases.RequireAsync(request.Namespace, id, cancellationToken).ConfigureAwait(false);
        }

        if (request.Lease is not null || request.Labels.ContainsKey(CollectorLabels.Root))
        {
            return await make(request.Lease).ConfigureAwait(false);
        }

        Lease lease = await leases.CreateAsync(request.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            CtrSnapshot made = await make(lease.Id).ConfigureAwait(false);
            lease.Complete();
            return made;
        }
    }

    /// <summary>The mount for a shell; words that are none by themselves are quoted.</summary>
    private static string LineOf(Mount mount, string target)
    {
        string folder = mount.Target.Length == 0 ? target : $"{target.TrimEnd('/')}/{mount.Target.TrimStart('/')}";
        string options = mount.Options.Count == 0 ? "" : " -o " + Quoted(string.Join(',', mount.Options));
        return $"mount -t {Quoted(mount.Type)}{options} {Quoted(mount.Source)} {Quoted(folder)}";
    }

    private static string Quoted(string word) => word.Length > 0 && word.All(one => char.IsAsciiLetterOrDigit(one) || "/._-+,:=@%".Contains(one))
        ? word
        : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static CtrException NotFound(string key, CtrSnapshotRequest request) => new(
        CtrErrorIds.SnapshotNotFound,
        CtrStatus.NotFound,
        $"There is no snapshot '{key}' of {request.Snapshotter} in namespace '{request.Namespace}'.")
    {
        Target = key,
        RecommendedAction = "Unpack an image with Expand-CtrImage, whose ChainId is its snapshot, or list them with Get-CtrSnapshot.",
    };

    private static CtrSnapshot ToSnapshot(Info info, string snapshotter, string @namespace) => new()
    {
        Namespace = @namespace,
        Key = info.Name,
        Snapshotter = snapshotter,
        Kind = info.Kind switch
        {
            Kind.View => CtrSnapshotKind.View,
            Kind.Active => CtrSnapshotKind.Active,
            Kind.Committed => CtrSnapshotKind.Committed,
            _ => CtrSnapshotKind.Unknown,
        },
        Parent = info.Parent,
        CreatedAt = WireTime.ToTime(info.CreatedAt),
        UpdatedAt = WireTime.ToTime(info.UpdatedAt),
        Labels = SortedMap.From(info.Labels),
    };
}
