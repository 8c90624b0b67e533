using System.Globalization;
using Containerd.Services.Leases.V1;
using CtrPS.Client.Connection;
using Grpc.Net.Client;

namespace CtrPS.Client.Leases;

/// <summary>
/// Leases: what is made under one is safe from the garbage collector until the lease ends. Each of ours has an expiry for the case that we die,
/// and says which process holds it, so that the next one clears away what a dead one left.
/// </summary>
internal sealed class LeaseStore(GrpcChannel channel, Calls calls)
{
    private const string HostLabel = "ctrps.io/host";
    private const string ProcessLabel = "ctrps.io/process";
    private const string ResumeLabel = "ctrps.io/resume";
    private const string TurnLabel = "ctrps.io/turn";
    private const string MountHostLabel = "ctrps.io/mount.host";
    private const string MountProcessLabel = "ctrps.io/mount.process";
    private const string MountTableLabel = "ctrps.io/mount.table";

    /// <summary>As long as containerd's own client gives itself (client/lease.go).</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>How long a turn is waited for. Its holder may be dead on another machine, and what it left stays until its expiry.</summary>
    private static readonly TimeSpan TurnPatience = TimeSpan.FromMinutes(5);

    /// <summary>How long Ctrl-C waits for a daemon that says nothing.</summary>
    private static readonly TimeSpan TakingBack = TimeSpan.FromSeconds(1);

    private readonly Containerd.Services.Leases.V1.Leases.LeasesClient _client = new(channel);

    /// <summary>Makes a lease in a namespace.</summary>
    public Task<Lease> CreateAsync(string @namespace, CancellationToken cancellationToken) => CreateAsync(@namespace, null, cancellationToken);

    /// <summary>Makes a lease for work that can be broken off and gone on with.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="work">
    /// Names the work, so that the next try finds what this one left (letters and digits). Null: it cannot be gone on with.
    /// </param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public Task<Lease> CreateAsync(string @namespace, string? work, CancellationToken cancellationToken) =>
        CreateAsync(@namespace, work, null, cancellationToken);

    /// <summary>
    /// Waits until no other of us, on whatever machine, is at the same piece of work, and keeps the others from it until the lease ends. Each who
    /// wants to do it makes a lease of its own, and it is the turn of the oldest one: a lease of one name for all could be ended by who has found
    /// that the one before it was left.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="work">Names the work (letters, digits, and what is in ids of containers).</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseExists"/>: another one is at it for minutes.</exception>
    public async Task<Lease> TakeTurnAsync(string @namespace, string work, CancellationToken cancellationToken)
    {
        Lease own = await CreateAsync(@namespace, null, work, cancellationToken).ConfigureAwait(false);
        own.Complete(); // it holds nothing that would have to be collected
        try
        {
            string filter = $"labels.\"{TurnLabel}\"==\"{work}\"";
            for (long begin = Environment.TickCount64; ;)
            {
                // The daemon writes one lease at a time, and gives it its time then.
                LeaseInfo? first = (await ListAsync(@namespace, [filter], cancellationToken).ConfigureAwait(false))
                    .Where(lease => !lease.IsAbandoned)
                    .OrderBy(lease => lease.CreatedAt)
                    .ThenBy(lease => lease.Id, StringComparer.Ordinal)
                    .FirstOrDefault();
                if (first is null || first.Id == own.Id)
                {
                    return own;
                }

                if (Environment.TickCount64 - begin > TurnPatience.TotalMilliseconds)
                {
                    throw new CtrException(
                        CtrErrorIds.LeaseExists,
                        CtrStatus.AlreadyExists,
                        $"Another CtrPS has been at the same work for {TurnPatience.TotalMinutes:0} minutes: it keeps the lease '{first.Id}' in "
                            + $"namespace '{@namespace}'.")
                    {
                        Target = first.Id,
                        RecommendedAction = "Wait until it is done. Where its machine is gone, end the lease with Remove-CtrLease.",
                    };
                }

                await Task.Delay(Random.Shared.Next(20, 60), cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await own.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<Lease> CreateAsync(string @namespace, string? work, string? turn, CancellationToken cancellationToken)
    {
        await DeleteAbandonedAsync(@namespace, cancellationToken).ConfigureAwait(false);
        var request = new CreateRequest { Id = $"ctrps-{Guid.NewGuid():N}" };
        request.Labels.Add(
            CtrLease.ExpireLabel, (DateTimeOffset.UtcNow + Lifetime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        request.Labels.Add(HostLabel, ProcessOwner.Current.Host);
        request.Labels.Add(ProcessLabel, ProcessOwner.Current.Process);
        if (work is not null)
        {
            request.Labels.Add(ResumeLabel, work);
        }

        if (turn is not null)
        {
            request.Labels.Add(TurnLabel, turn);
        }

        // Known as ours before it exists: another runspace of this process must not take it for abandoned.
        HeldLeases.Add(request.Id);
        try
        {
            _ = await calls.InvokeAsync(
                () => _client.CreateAsync(request, calls.Unary(@namespace, cancellationToken)),
                CallSubject.Lease(request.Id, @namespace),
                cancellationToken).ConfigureAwait(false);
            return new Lease(this, @namespace, request.Id, work);
        }
        catch (Exception e)
        {
            if (turn is not null && e is OperationCanceledException)
            {
                await TakeBackAsync(@namespace, request.Id).ConfigureAwait(false);
            }

            HeldLeases.Remove(request.Id);
            throw;
        }
    }

    /// <summary>Ends a lease that the daemon may have made although we did not wait for it: others would wait for its end.</summary>
    private async Task TakeBackAsync(string @namespace, string id)
    {
        using var limit = new CancellationTokenSource(TakingBack);
        try
        {
            await DeleteAsync(@namespace, id, collect: false, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // A daemon that does not answer has most likely not made it. The next lease of this process ends it, as does the process's own end.
        }
    }

    /// <summary>
    /// Makes the lease of a mount, whose id is the mount's path, as <c>ctr images unmount</c> looks for it. It has no expiry and outlives its maker:
    /// nothing that is mounted may be collected. Whoever ends the mount ends the lease.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseExists"/>.</exception>
    public async Task<Lease> CreateForMountAsync(string @namespace, string path, string mountTable, CancellationToken cancellationToken)
    {
        var request = new CreateRequest { Id = path };
        request.Labels.Add(MountHostLabel, ProcessOwner.Current.Host);
        request.Labels.Add(MountProcessLabel, ProcessOwner.Current.Process);
        request.Labels.Add(MountTableLabel, mountTable);
        _ = await calls.InvokeAsync(
            () => _client.CreateAsync(request, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Lease(path, @namespace),
            cancellationToken).ConfigureAwait(false);
        return new Lease(this, @namespace, path);
    }

    /// <summary>Puts a blob that exists already under a lease.</summary>
    public Task AddBlobAsync(Lease lease, string digest, CancellationToken cancellationToken) =>
        AddAsync(lease, "content", digest, cancellationToken);

    /// <summary>Puts a snapshot that exists already under a lease.</summary>
    public Task AddSnapshotAsync(Lease lease, string snapshotter, string key, CancellationToken cancellationToken) =>
        AddAsync(lease, "snapshots/" + snapshotter, key, cancellationToken);

    /// <summary>Ends a lease. One that is gone already is no error.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The lease.</param>
    /// <param name="collect">Wait for a garbage collection, so that what only the lease held is gone.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task DeleteAsync(string @namespace, string id, bool collect, CancellationToken cancellationToken)
    {
        _ = await calls.FindAsync(
            () => _client.DeleteAsync(
                new DeleteRequest { Id = id, Sync = collect },
                collect ? Calls.Unbounded(@namespace, cancellationToken) : calls.Unary(@namespace, cancellationToken)),
            CallSubject.Lease(id, @namespace),
            cancellationToken).ConfigureAwait(false);
        HeldLeases.Remove(id);
    }

    /// <summary>Ends the leases that earlier tries of the same work left on this machine; those of others may be at work still.</summary>
    public async Task DeleteEarlierAsync(Lease lease, string work, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{ResumeLabel}\"==\"{work}\"";
        foreach (LeaseInfo earlier in await ListAsync(lease.Namespace, [filter], cancellationToken).ConfigureAwait(false))
        {
            if (earlier.Id != lease.Id && earlier.IsAbandoned)
            {
                await DeleteAsync(lease.Namespace, earlier.Id, collect: false, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>All leases of a namespace, whoever made them.</summary>
    public Task<IReadOnlyList<LeaseInfo>> ListAsync(string @namespace, CancellationToken cancellationToken) =>
        ListAsync(@namespace, [], cancellationToken);

    /// <summary>The refs of the unfinished writes that a lease holds. None where it is gone.</summary>
    public Task<IReadOnlyList<string>> ListIngestsAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        ListAsync(@namespace, id, "ingests", cancellationToken);

    /// <summary>The digests of the blobs that a lease holds. None where it is gone.</summary>
    public Task<IReadOnlyList<string>> ListBlobsAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        ListAsync(@namespace, id, CtrLeaseResource.Content, cancellationToken);

    /// <summary>The keys of the snapshots that a lease holds. None where it is gone.</summary>
    public Task<IReadOnlyList<string>> ListSnapshotsAsync(
        string @namespace, string id, string snapshotter, CancellationToken cancellationToken) =>
        ListAsync(@namespace, id, CtrLeaseResource.Snapshots + snapshotter, cancellationToken);

    /// <summary>The keys of the snapshots of any snapshotter that a lease holds. None where it is gone.</summary>
    public Task<IReadOnlyList<string>> ListSnapshotsAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        ListAsync(@namespace, id, type => type.StartsWith(CtrLeaseResource.Snapshots, StringComparison.Ordinal), cancellationToken);

    /// <summary>That a lease is there.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseNotFound"/>.</exception>
    public async Task RequireAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        if (!(await ListAsync(@namespace, cancellationToken).ConfigureAwait(false)).Any(lease => lease.Id == id))
        {
            throw new CtrException(CtrErrorIds.LeaseNotFound, CtrStatus.NotFound, $"There is no lease '{id}' in namespace '{@namespace}'.")
            {
                Target = id,
                RecommendedAction = "Make it with New-CtrLease, or list the leases with Get-CtrLease.",
            };
        }
    }

    private Task<IReadOnlyList<string>> ListAsync(string @namespace, string id, string type, CancellationToken cancellationToken) =>
        ListAsync(@namespace, id, one => one == type, cancellationToken);

    /// <summary>What a lease holds of the wanted kinds, by containerd's words for them (metadata/leases.go).</summary>
    private async Task<IReadOnlyList<string>> ListAsync(
        string @namespace, string id, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        ListResourcesResponse? response = await calls.FindAsync(
            () => _client.ListResourcesAsync(new ListResourcesRequest { Id = id }, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Lease(id, @namespace),
            cancellationToken).ConfigureAwait(false);
        return [.. (response?.Resources ?? []).Where(resource => isWanted(resource.Type)).Select(resource => resource.Id)];
    }

    private async Task AddAsync(Lease lease, string type, string id, CancellationToken cancellationToken)
    {
        var request = new AddResourceRequest { Id = lease.Id, Resource = new Resource { Type = type, Id = id } };
        _ = await calls.InvokeAsync(
            () => _client.AddResourceAsync(request, calls.Unary(lease.Namespace, cancellationToken)),
            CallSubject.Lease(lease.Id, lease.Namespace),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends leases of processes of this machine that are gone: killed, or cut off from a daemon that died.</summary>
    private async Task DeleteAbandonedAsync(string @namespace, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{HostLabel}\"==\"{ProcessOwner.Current.Host}\"";
        foreach (LeaseInfo lease in await ListAsync(@namespace, [filter], cancellationToken).ConfigureAwait(false))
        {
            // What can be gone on with is kept until its expiry.
            if (lease.Work is null && lease.IsAbandoned)
            {
                await DeleteAsync(@namespace, lease.Id, collect: false, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Leases of a namespace, whoever made them, that fit one of containerd's filters; all where none is given.</summary>
    public async Task<IReadOnlyList<LeaseInfo>> ListAsync(
        string @namespace, IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        var request = new ListRequest();
        request.Filters.AddRange(filters);
        ListResponse response = await calls.InvokeAsync(
            () => _client.ListAsync(request, calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the leases of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        return [.. response.Leases.Select(ToInfo)];
    }

    /// <summary>A lease as the daemon tells it.</summary>
    public static LeaseInfo ToInfo(Containerd.Services.Leases.V1.Lease lease) => new(
        lease.Id,
        WireTime.ToTime(lease.CreatedAt),
        lease.Labels.TryGetValue(HostLabel, out string? host) && lease.Labels.TryGetValue(ProcessLabel, out string? process)
            ? new ProcessOwner(host, process)
            : null,
        lease.Labels.TryGetValue(ResumeLabel, out string? work) ? work : null,
        lease.Labels.TryGetValue(MountHostLabel, out string? place) && lease.Labels.TryGetValue(MountProcessLabel, out string? mounter)
            ? new MountMark(new ProcessOwner(place, mounter), lease.Labels.GetValueOrDefault(MountTableLabel, ""))
            : null,
        SortedMap.From(lease.Labels));
}
