using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using Containerd.Services.Snapshots.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Oci;
using Grpc.Core;
using Grpc.Net.Client;

namespace CtrPS.Client.Leases;

/// <inheritdoc/>
internal sealed class LeaseRecords(GrpcChannel channel, Calls calls, LeaseStore leases) : ILeaseRecords
{
    private readonly Containerd.Services.Leases.V1.Leases.LeasesClient _client = new(channel);
    private readonly Containerd.Services.Content.V1.Content.ContentClient _content = new(channel);
    private readonly Containerd.Services.Snapshots.V1.Snapshots.SnapshotsClient _snapshots = new(channel);
    private readonly Containerd.Services.Images.V1.Images.ImagesClient _images = new(channel);

    public async Task<IReadOnlyList<CtrLease>> ListAsync(
        string @namespace, IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        IReadOnlyList<LeaseInfo> all = await leases.ListAsync(@namespace, filters, cancellationToken).ConfigureAwait(false);
        return [.. all.Select(info => ToLease(info, @namespace)).OrderBy(lease => lease.Id, StringComparer.Ordinal)];
    }

    public async Task<CtrLease> CreateAsync(
        string @namespace, string? id, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new CreateRequest { Id = id ?? "" };
        request.Labels.Add(labels.ToDictionary());
        CreateResponse response = await calls.InvokeAsync(
            () => _client.CreateAsync(request, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Lease(id ?? "", @namespace),
            cancellationToken).ConfigureAwait(false);
        return ToLease(LeaseStore.ToInfo(response.Lease), @namespace);
    }

    public Task DeleteAsync(CtrLease lease, CancellationToken cancellationToken) => InvokeAsync(
        lease, call => _client.DeleteAsync(new DeleteRequest { Id = lease.Id }, call), cancellationToken);

    public async Task<IReadOnlyList<CtrLeaseResource>> ListResourcesAsync(CtrLease lease, CancellationToken cancellationToken)
    {
        ListResourcesResponse response = await InvokeAsync(
            lease, call => _client.ListResourcesAsync(new ListResourcesRequest { Id = lease.Id }, call), cancellationToken).ConfigureAwait(false);
        return
        [
            .. response.Resources
                .OrderBy(resource => resource.Type, StringComparer.Ordinal)
                .ThenBy(resource => resource.Id, StringComparer.Ordinal)
                .Select(resource => ToResource(lease, resource.Type, resource.Id)),
        ];
    }

    public async Task<CtrLeaseResource> AddResourceAsync(CtrLease lease, string type, string key, CancellationToken cancellationToken)
    {
        Require(type, key);

        // First the lease, then the look: what is still there now stays. The daemon takes whatever it is told.
        IReadOnlyList<CtrLeaseResource> before = await ListResourcesAsync(lease, cancellationToken).ConfigureAwait(false);
        var resource = new Resource { Type = type, Id = key };
        _ = await InvokeAsync(
            lease,
            call => _client.AddResourceAsync(new AddResourceRequest { Id = lease.Id, Resource = resource }, call),
            cancellationToken).ConfigureAwait(false);
        try
        {
            await LookAsync(lease.Namespace, type, key, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            if (!before.Any(one => one.Type == type && one.Key == key))
            {
                await RemoveResourceAsync(lease, type, key, cancellationToken).ConfigureAwait(false);
            }

            throw;
        }

        return ToResource(lease, type, key);
    }

    public Task RemoveResourceAsync(CtrLease lease, string type, string key, CancellationToken cancellationToken)
    {
        Require(type, key);
        var resource = new Resource { Type = type, Id = key };
        return InvokeAsync(
            lease, call => _client.DeleteResourceAsync(new DeleteResourceRequest { Id = lease.Id, Resource = resource }, call), cancellationToken);
    }

    private static void Require(string type, string key)
    {
        if (type == CtrLeaseResource.Content)
        {
            Digests.Require(key);
        }
    }

    /// <summary>Asks for something that a lease is to hold.</summary>
    /// <exception cref="CtrException">It is not there.</exception>
    private async Task LookAsync(string @namespace, string type, string key, CancellationToken cancellationToken)
    {
        switch (type)
        {
            case CtrLeaseResource.Content:
                _ = await calls.InvokeAsync(
                    () => _content.InfoAsync(new InfoRequest { Digest = key }, calls.Unary(@namespace, cancellationToken)),
                    CallSubject.Blob(key, @namespace),
                    cancellationToken).ConfigureAwait(false);
                break;
            case CtrLeaseResource.Ingests:
                _ = await calls.InvokeAsync(
                    () => _content.StatusAsync(new StatusRequest { Ref = key }, calls.Unary(@namespace, cancellationToken)),
                    new CallSubject($"unfinished write '{key}' in namespace '{@namespace}'", key),
                    cancellationToken).ConfigureAwait(false);
                break;
            case CtrLeaseResource.Images:
                _ = await calls.InvokeAsync(
                    () => _images.GetAsync(new GetImageRequest { Name = key }, calls.Unary(@namespace, cancellationToken)),
                    CallSubject.Image(key, @namespace),
                    cancellationToken).ConfigureAwait(false);
                break;
            default:
                string snapshotter = type[CtrLeaseResource.Snapshots.Length..];
                _ = await calls.InvokeAsync(
                    () => _snapshots.StatAsync(
                        new StatSnapshotRequest { Snapshotter = snapshotter, Key = key }, calls.Unary(@namespace, cancellationToken)),
                    new CallSubject($"snapshot '{key}' of snapshotter '{snapshotter}' in namespace '{@namespace}'", key),
                    cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task<T> InvokeAsync<T>(CtrLease lease, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken) =>
        await calls.InvokeAsync(
            () => call(calls.Unary(lease.Namespace, cancellationToken)),
            CallSubject.Lease(lease.Id, lease.Namespace),
            cancellationToken).ConfigureAwait(false);

    private static CtrLeaseResource ToResource(CtrLease lease, string type, string key) => new()
    {
        Namespace = lease.Namespace,
        Session = lease.Session,
        Lease = lease.Id,
        Type = type,
        Key = key,
    };

    private static CtrLease ToLease(LeaseInfo info, string @namespace)
    {
        // A time that it cannot read does not end a lease for containerd.
        DateTimeOffset? end = info.Labels.TryGetValue(CtrLease.ExpireLabel, out string? text) ? WireTime.Parse(text) : null;
        return new CtrLease
        {
            Namespace = @namespace,
            Id = info.Id,
            State = end <= DateTimeOffset.Now ? CtrLeaseState.Expired : info.IsAbandoned ? CtrLeaseState.Abandoned : CtrLeaseState.Active,
            CreatedAt = info.CreatedAt,
            ExpiresAt = end,
            IsFlat = info.Labels.ContainsKey(CtrLease.FlatLabel),
            ProcessId = info.Holder is { IsHere: true } holder ? holder.ProcessId : null,
            Labels = info.Labels,
        };
    }
}
