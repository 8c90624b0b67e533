using CtrPS.Client.Leases;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
/// <remarks>containerd has no call for it: ending a lease with <c>sync</c> answers after a collection.</remarks>
internal sealed class GarbageCollector(LeaseStore leases) : IGarbageCollector
{
    public async Task CollectAsync(string @namespace, CancellationToken cancellationToken)
    {
        Lease lease = await leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await leases.DeleteAsync(@namespace, lease.Id, collect: true, cancellationToken).ConfigureAwait(false);
    }
}
