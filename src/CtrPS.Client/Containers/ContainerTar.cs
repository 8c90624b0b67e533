using System.Security.Cryptography;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Containers;

/// <inheritdoc/>
internal sealed class ContainerTar(ContainerdConnection connection, Lease lease, Descriptor layer) : ICtrContainerTar
{
    private const int BufferSize = 1 << 20;

    public long Size => layer.Size;

    public string Digest => layer.Digest;

    public async Task WriteAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.SetTotal(layer.Size);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Stream content = await connection.Content.OpenNearestAsync(lease.Namespace, layer, 0, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                meter.AddDone(read);
            }
        }

        string written = "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
        if (written != layer.Digest)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"What the daemon packed has the digest {written}, but it says {layer.Digest}.")
            {
                Target = layer.Digest,
            };
        }
    }

    public ValueTask DisposeAsync() => lease.DisposeAsync();
}
