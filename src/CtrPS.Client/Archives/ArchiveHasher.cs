using System.Collections.Concurrent;
using System.Security.Cryptography;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <param name="Digest">The digest of the bytes. Null where they could not all be read.</param>
/// <param name="Size">Bytes read.</param>
/// <param name="Error">Why not all could be read. Null where they were.</param>
internal sealed record HashedBlob(string? Digest, long Size, CtrException? Error);

/// <summary>Reads blobs of an archive and hashes them, each once.</summary>
internal static class ArchiveHasher
{
    private const int BufferSize = 1 << 20;
    private const int MaxStreams = 4;

    /// <summary>Hashes the blobs. A blob that cannot be read does not end the work.</summary>
    /// <returns>An outcome for each digest that is in the archive.</returns>
    public static async Task<IReadOnlyDictionary<string, HashedBlob>> HashAsync(
        ArchiveReader archive, IReadOnlySet<string> digests, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        var outcomes = new ConcurrentDictionary<string, HashedBlob>(StringComparer.Ordinal);
        if (archive.CanSeek)
        {
            int streams = Math.Clamp(Environment.ProcessorCount, 1, MaxStreams);
            var options = new ParallelOptions { MaxDegreeOfParallelism = streams, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(digests, options, async (digest, token) =>
            {
                try
                {
                    Stream content = archive.Open(digest);
                    await using (content.ConfigureAwait(false))
                    {
                        outcomes[digest] = await HashAsync(digest, content, meter, token).ConfigureAwait(false);
                    }
                }
                catch (CtrException e)
                {
                    outcomes[digest] = new HashedBlob(null, 0, e);
                }
            }).ConfigureAwait(false);
        }
        else
        {
            await foreach ((string digest, _, Stream content) in archive.ReadBlobsAsync(digests, cancellationToken).ConfigureAwait(false))
            {
                outcomes[digest] = await HashAsync(digest, content, meter, cancellationToken).ConfigureAwait(false);
            }
        }

        return outcomes;
    }

    private static async Task<HashedBlob> HashAsync(string digest, Stream content, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Digests.Hash(digest);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
        long size = 0;
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                size += read;
                meter.AddDone(read);
            }
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ArchiveUnreadable)
        {
            return new HashedBlob(null, size, e);
        }

        return new HashedBlob(Digests.Of(hash, digest), size, null);
    }
}
