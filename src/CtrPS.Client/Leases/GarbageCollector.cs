using System.Globalization;
using Containerd.Services.Leases.V1;
using CtrPS.Client.Transport;
using Grpc.Net.Client;

namespace CtrPS.Client.Leases;

/// <inheritdoc/>
/// <remarks>containerd has no call for it: deleting a lease with <c>sync</c> answers after a collection.</remarks>
internal sealed class GarbageCollector(GrpcChannel channel, Calls calls) : IGarbageCollector
{
    private readonly Containerd.Services.Leases.V1.Leases.LeasesClient _client = new(channel);

    public async Task CollectAsync(string @namespace, CancellationToken cancellationToken)
    {
        var subject = new CallSubject($"a lease for the garbage collection in namespace '{@namespace}'");
        var request = new CreateRequest { Id = $"ctrps-gc-{Guid.NewGuid():N}" };

        // Should we die in between, the lease goes by itself.
        request.Labels.Add("containerd.io/gc.expire", DateTimeOffset.UtcNow.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        CreateResponse created = await calls.InvokeAsync(() => _client.CreateAsync(request, calls.Unary(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false);
        _ = await calls.InvokeAsync(
            () => _client.DeleteAsync(new DeleteRequest { Id = created.Lease.Id, Sync = true }, Calls.Unbounded(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false);
    }
}
