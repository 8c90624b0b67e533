using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>What came of reading a blob from its first byte to its last.</summary>
/// <param name="Size">Bytes that came.</param>
/// <param name="Digest">What they hash to.</param>
/// <param name="DiffId">Of a layer: what its uncompressed bytes hash to. Null where it does not decompress, and for all other blobs.</param>
/// <param name="DecompressFault">Of a layer: why it does not decompress. Null where it does.</param>
/// <param name="Failure">Why the bytes could not be read to their end. Null where they could.</param>
internal sealed record BlobReading(long Size, string Digest, string? DiffId, string? DecompressFault, CtrException? Failure);

/// <summary>Reads and hashes blobs, a bounded number at a time and each only once, however many images share it.</summary>
internal sealed class BlobHasher(ContentStore content, int concurrency) : IDisposable
{
    private const int BufferSize = 1 << 18;

    private readonly SemaphoreSlim _places = new(concurrency);
    private readonly ConcurrentDictionary<(string Digest, bool IsLayer), Lazy<Task<BlobReading>>> _readings = new();

    /// <summary>Reads a blob that the namespace has a record of. The daemon has each blob once, for all its namespaces.</summary>
    public Task<BlobReading> ReadAsync(string @namespace, Descriptor blob, bool isLayer, CtrTransferMeter meter, CancellationToken cancellationToken) => _readings.GetOrAdd(
        (blob.Digest, isLayer), _ => new Lazy<Task<BlobReading>>(() => ReadOnceAsync(@namespace, blob, isLayer, meter, cancellationToken))).Value;

    /// <summary>Reads a blob anew when it is asked for again: it was mended.</summary>
    public void Forget(string digest)
    {
        _ = _readings.TryRemove((digest, false), out _);
        _ = _readings.TryRemove((digest, true), out _);
    }

    public void Dispose() => _places.Dispose();

    private async Task<BlobReading> ReadOnceAsync(string @namespace, Descriptor blob, bool isLayer, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using IncrementalHash hash = Digests.Hash(blob.Digest);
            Stream stored = content.Open(@namespace, blob.Digest, blob.Size, cancellationToken);
            await using (stored.ConfigureAwait(false))
            {
                var hashed = new HashedStream(stored, hash, read => meter.AddDone(read));
                await using (hashed.ConfigureAwait(false))
                {
                    (string? diffId, string? decompressFault, CtrException? failure) = (null, null, null);
                    try
                    {
                        if (isLayer)
                        {
                            (diffId, decompressFault) = await DecompressAsync(hashed, cancellationToken).ConfigureAwait(false);
                        }

                        await DrainAsync(hashed, null, cancellationToken).ConfigureAwait(false);
                    }
                    catch (CtrException e) when (!e.IsConnectionFault && e.ErrorId != CtrErrorIds.CompressionUnavailable)
                    {
                        failure = e;
                    }

                    return new BlobReading(hashed.Position, Digests.Of(hash, blob.Digest), diffId, decompressFault, failure);
                }
            }
        }
        finally
        {
            _ = _places.Release();
        }
    }

    private static async Task<(string? DiffId, string? Fault)> DecompressAsync(HashedStream layer, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> head = await layer.PeekAsync(Compressors.MagicLength, cancellationToken).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            Stream plain = Compressors.Decompress(layer, Compressors.Detect(head.Span));
            await using (plain.ConfigureAwait(false))
            {
                await DrainAsync(plain, hash, cancellationToken).ConfigureAwait(false);
            }

            return ("sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset()), null);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return (null, e.Message);
        }
    }

    private static async Task DrainAsync(Stream content, IncrementalHash? hash, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash?.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
