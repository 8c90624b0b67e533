using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Snapshots;

/// <inheritdoc/>
internal sealed class SnapshotDiff(ContentStore content, LeaseStore leases, Lease lease, Descriptor layer) : ICtrSnapshotDiff
{
    public string Digest => layer.Digest;

    public string Namespace => lease.Namespace;

    public long Size => layer.Size;

    public async Task WriteAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.SetTotal(layer.Size);
        Stream bytes = await content.OpenNearestAsync(Namespace, layer, 0, cancellationToken).ConfigureAwait(false);
        var proved = BlobRange.OfNamespace(bytes, layer, 0, layer.Size, Namespace);
        await using (proved.ConfigureAwait(false))
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
            for (int read; (read = await proved.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                meter.AddDone(read);
            }
        }
    }

    public async Task KeepAsync(IReadOnlyDictionary<string, string> labels, string? keeper, CancellationToken cancellationToken)
    {
        if (keeper is not null)
        {
            await leases.RequireAsync(Namespace, keeper, cancellationToken).ConfigureAwait(false);
            await leases.AddBlobAsync(new Lease(leases, Namespace, keeper), layer.Digest, cancellationToken).ConfigureAwait(false);
        }

        if (labels.Count > 0)
        {
            await content.SetLabelsAsync(Namespace, layer.Digest, labels, cancellationToken).ConfigureAwait(false);
        }

        lease.Complete();
    }

    public ValueTask DisposeAsync() => lease.DisposeAsync();
}
