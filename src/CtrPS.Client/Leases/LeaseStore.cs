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

    /// <summary>As long as containerd's own client gives itself (client/lease.go).</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private readonly Containerd.Services.Leases.V1.Leases.LeasesClient _client = new(channel);

    /// <summary>Makes a lease in a namespace.</summary>
    public Task<Lease> CreateAsync(string @namespace, CancellationToken cancellationToken) => CreateAsync(@namespace, null, cancellationToken);

    /// <summary>Makes a lease for work that can be broken off and gone on with.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="work">
    /// Names the work, so that the next try finds what this one left (letters and digits). Null: it cannot be gone on with.
    /// </param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async Task<Lease> CreateAsync(string @namespace, string? work, CancellationToken cancellationToken)
    {
        await DeleteAbandonedAsync(@namespace, cancellationToken).ConfigureAwait(false);
        var request = new CreateRequest { Id = $"ctrps-{Guid.NewGuid():N}" };
        request.Labels.Add(
            "containerd.io/gc.expire", (DateTimeOffset.UtcNow + Lifetime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        request.Labels.Add(HostLabel, ProcessOwner.Current.Host);
        request.Labels.Add(ProcessLabel, ProcessOwner.Current.Process);
        if (work is not null)
        {
            request.Labels.Add(ResumeLabel, work);
        }

        // Known as ours before it exists: another runspace of this process must not take it for abandoned.
        HeldLeases.Add(request.Id);
        try
        {
            _ = await calls.InvokeAsync(
                () => _client.CreateAsync(request, calls.Unary(@namespace, cancellationToken)),
                Subject(request.Id, @namespace),
                cancellationToken).ConfigureAwait(false);
            return new Lease(this, @namespace, request.Id, work);
        }
        catch
        {
            HeldLeases.Remove(request.Id);
            throw;
        }
    }

    /// <summary>Puts a blob that exists already under a lease.</summary>
    public Task AddBlobAsync(Lease lease, string digest, CancellationToken cancellationToken) =>
        AddAsync(lease, "content", digest, cancellationToken);

    /// <summary>Puts a snapshot that exists already under a lease.</summary>
    public Task AddSnapshotAsync(Lease lease, string snapshotter, string key, CancellationToken cancellationToken) =>
        AddAsync(lease, "snapshots/" + snapshotter, key, cancellationToken);

    /// <summary>The digests of the blobs that a lease holds.</summary>
    public async Task<IReadOnlyList<string>> ListBlobsAsync(Lease lease, CancellationToken cancellationToken) => Ids(
        "content",
        await calls.InvokeAsync(
            () => _client.ListResourcesAsync(new ListResourcesRequest { Id = lease.Id }, calls.Unary(lease.Namespace, cancellationToken)),
            Subject(lease.Id, lease.Namespace),
            cancellationToken).ConfigureAwait(false));

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
            Subject(id, @namespace),
            cancellationToken).ConfigureAwait(false);
        HeldLeases.Remove(id);
    }

    /// <summary>Ends the leases that earlier tries of the same work left on this machine; those of others may be at work still.</summary>
    public async Task DeleteEarlierAsync(Lease lease, string work, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{ResumeLabel}\"==\"{work}\"";
        foreach (LeaseInfo earlier in await ListAsync(lease.Namespace, filter, cancellationToken).ConfigureAwait(false))
        {
            if (earlier.Id != lease.Id && earlier.IsAbandoned)
            {
                await DeleteAsync(lease.Namespace, earlier.Id, collect: false, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>All leases of a namespace, whoever made them.</summary>
    public Task<IReadOnlyList<LeaseInfo>> ListAsync(string @namespace, CancellationToken cancellationToken) =>
        ListAsync(@namespace, null, cancellationToken);

    /// <summary>The refs of the unfinished writes that a lease holds. None where it is gone.</summary>
    public async Task<IReadOnlyList<string>> ListIngestsAsync(string @namespace, string id, CancellationToken cancellationToken) => Ids(
        "ingests",
        await calls.FindAsync(
            () => _client.ListResourcesAsync(new ListResourcesRequest { Id = id }, calls.Unary(@namespace, cancellationToken)),
            Subject(id, @namespace),
            cancellationToken).ConfigureAwait(false));

    private async Task AddAsync(Lease lease, string type, string id, CancellationToken cancellationToken)
    {
        var request = new AddResourceRequest { Id = lease.Id, Resource = new Resource { Type = type, Id = id } };
        _ = await calls.InvokeAsync(
            () => _client.AddResourceAsync(request, calls.Unary(lease.Namespace, cancellationToken)),
            Subject(lease.Id, lease.Namespace),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends leases of processes of this machine that are gone: killed, or cut off from a daemon that died.</summary>
    private async Task DeleteAbandonedAsync(string @namespace, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{HostLabel}\"==\"{ProcessOwner.Current.Host}\"";
        foreach (LeaseInfo lease in await ListAsync(@namespace, filter, cancellationToken).ConfigureAwait(false))
        {
            // What can be gone on with is kept until its expiry.
            if (lease.Work is null && lease.IsAbandoned)
            {
                await DeleteAsync(@namespace, lease.Id, collect: false, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<LeaseInfo>> ListAsync(string @namespace, string? filter, CancellationToken cancellationToken)
    {
        var request = new ListRequest();
        if (filter is not null)
        {
            request.Filters.Add(filter);
        }

        ListResponse response = await calls.InvokeAsync(
            () => _client.ListAsync(request, calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the leases of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        return [.. response.Leases.Select(ToInfo)];
    }

    /// <summary>What a lease holds of a kind, by containerd's word for it (metadata/leases.go).</summary>
    private static IReadOnlyList<string> Ids(string type, ListResourcesResponse? response) =>
        [.. (response?.Resources ?? []).Where(resource => resource.Type == type).Select(resource => resource.Id)];

    private static LeaseInfo ToInfo(Containerd.Services.Leases.V1.Lease lease) => new(
        lease.Id,
        WireTime.ToTime(lease.CreatedAt),
        lease.Labels.TryGetValue(HostLabel, out string? host) && lease.Labels.TryGetValue(ProcessLabel, out string? process)
            ? new ProcessOwner(host, process)
            : null,
        lease.Labels.TryGetValue(ResumeLabel, out string? work) ? work : null);

    private static CallSubject Subject(string id, string @namespace) => new($"lease '{id}' in namespace '{@namespace}'", id);
}
