using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;

namespace CtrPS.Client.Oci;

/// <summary>What came of reading a blob from its first byte to its last.</summary>
/// <param name="Size">Bytes that came.</param>
/// <param name="Digest">What they hash to.</param>
/// <param name="DiffId">Of a layer: what its uncompressed bytes hash to. Null where it does not decompress, and for all other blobs.</param>
/// <param name="DecompressFault">Of a layer: why it does not decompress. Null where it does.</param>
/// <param name="Failure">Why the bytes could not be read to their end. Null where they could.</param>
internal sealed record BlobReading(long Size, string Digest, string? DiffId, string? DecompressFault, CtrException? Failure);

/// <summary>Reads and hashes blobs, a bounded number at a time and each only once, however many images share it.</summary>
internal sealed class BlobHasher(int concurrency) : IDisposable
{
    private const int BufferSize = 1 << 18;

    private readonly SemaphoreSlim _places = new(concurrency);
    private readonly ConcurrentDictionary<(string Digest, bool Inflate), Lazy<Task<BlobReading>>> _readings = new();

    /// <summary>Reads a blob. A daemon has each blob once for all its namespaces: it is not read again for another of them.</summary>
    /// <param name="source">Where it is; a source of one daemon, or of one archive.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="inflate">Decompress it as well: it is a layer.</param>
    /// <param name="meter">Counts the bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task<BlobReading> ReadAsync(
        IBlobSource source, Descriptor blob, bool inflate, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        _readings.GetOrAdd(
            (blob.Digest, inflate),
            _ => new Lazy<Task<BlobReading>>(() => OpenAndReadAsync(source, blob, inflate, meter, cancellationToken))).Value;

    /// <summary>Reads blobs, all that the source has in its own order where it has one.</summary>
    /// <returns>In the order of the blobs.</returns>
    public async Task<BlobReading[]> ReadAllAsync(
        IBlobSource source, IReadOnlyList<(Descriptor Blob, bool Inflate)> blobs, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        if (source.IsSequential)
        {
            var left = new Dictionary<string, (Descriptor Blob, bool Inflate)>(StringComparer.Ordinal);
            foreach ((Descriptor blob, bool inflate) in blobs)
            {
                if (!_readings.ContainsKey((blob.Digest, inflate)))
                {
                    left[blob.Digest] = (blob, inflate);
                }
            }

            await foreach ((string digest, Stream content) in source.ReadInOrderAsync(left.Keys.ToHashSet(), cancellationToken).ConfigureAwait(false))
            {
                (Descriptor blob, bool inflate) = left[digest];
                BlobReading reading = await HashAsync(content, blob, inflate, meter, cancellationToken).ConfigureAwait(false);
                _readings[(digest, inflate)] = new Lazy<Task<BlobReading>>(Task.FromResult(reading));
            }
        }

        // All at once: how many are read side by side is decided below.
        return await Task.WhenAll(blobs.Select(one => ReadAsync(source, one.Blob, one.Inflate, meter, cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>Reads a blob anew when it is asked for again: it was mended.</summary>
    public void Forget(string digest)
    {
        _ = _readings.TryRemove((digest, false), out _);
        _ = _readings.TryRemove((digest, true), out _);
    }

    public void Dispose() => _places.Dispose();

    private async Task<BlobReading> OpenAndReadAsync(
        IBlobSource source, Descriptor blob, bool inflate, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Stream stored = await source.OpenAsync(blob, 0, cancellationToken).ConfigureAwait(false);
            await using (stored.ConfigureAwait(false))
            {
                return await HashAsync(stored, blob, inflate, meter, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (CtrException e) when (IsOfBlob(e))
        {
            return new BlobReading(0, "", null, null, e);
        }
        finally
        {
            _ = _places.Release();
        }
    }

    private static async Task<BlobReading> HashAsync(
        Stream stored, Descriptor blob, bool inflate, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Digests.Hash(blob.Digest);
        var hashed = new HashedStream(stored, hash, read => meter.AddDone(read));
        await using (hashed.ConfigureAwait(false))
        {
            (string? diffId, string? decompressFault, CtrException? failure) = (null, null, null);
            try
            {
                if (inflate)
                {
                    (diffId, decompressFault) = await DecompressAsync(hashed, cancellationToken).ConfigureAwait(false);
                }

                await DrainAsync(hashed, null, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (IsOfBlob(e))
            {
                failure = e;
            }

            return new BlobReading(hashed.Position, Digests.Of(hash, blob.Digest), diffId, decompressFault, failure);
        }
    }

    /// <summary>Whether a fault is one of the blob, and not of the connection or of this machine.</summary>
    private static bool IsOfBlob(CtrException e) => !e.IsConnectionFault && e.ErrorId != CtrErrorIds.CompressionUnavailable;

    private static async Task<(string? DiffId, string? Fault)> DecompressAsync(HashedStream layer, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> head = await layer.PeekAsync(Compressors.MagicLength, cancellationToken).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            Stream plain = Compressors.Decompress(layer, Compressors.Detect(head.Span));
            await using (plain.ConfigureAwait(false))
            {
                long total = 0;
                await DrainAsync(plain, read =>
                {
                    hash.AppendData(read);
                    total += read.Length;
                    if (Expansion.FaultOf(layer.Position, total) is { } fault)
                    {
                        throw new FormatLimitException(fault);
                    }
                }, cancellationToken).ConfigureAwait(false);
            }

            return ("sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset()), null);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or InsufficientMemoryException)
        {
            return (null, e.Message);
        }
    }

    private delegate void BytesRead(ReadOnlySpan<byte> bytes);

    private static async Task DrainAsync(Stream content, BytesRead? use, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                use?.Invoke(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
