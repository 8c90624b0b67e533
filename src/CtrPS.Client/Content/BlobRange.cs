using System.Security.Cryptography;
using CtrPS.Client.Formats;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>A part of a blob, or all of it: then the bytes are proved by the digest when their end is read. Owns the stream.</summary>
/// <param name="bytes">The blob's bytes from the offset on.</param>
/// <param name="blob">The blob.</param>
/// <param name="offset">Where the bytes begin.</param>
/// <param name="count">How many to give at the most.</param>
/// <param name="where">Where it is, in words: <c>namespace 'k8s.io'</c>.</param>
/// <param name="wayOut">What to do where it is damaged.</param>
internal sealed class BlobRange(Stream bytes, Descriptor blob, long offset, long count, string where, string wayOut) : ForwardStream
{
    private readonly IncrementalHash? _hash = offset == 0 && count >= blob.Size ? Digests.Hash(blob.Digest) : null;
    private readonly long _length = Math.Min(count, blob.Size - offset);
    private long _read;
    private bool _isProved;

    public override long Length => _length;

    /// <summary>Of a blob in a namespace.</summary>
    public static BlobRange OfNamespace(Stream bytes, Descriptor blob, long offset, long count, string @namespace) => new(
        bytes,
        blob,
        offset,
        count,
        $"namespace '{@namespace}'",
        "Find the images that have it with Test-CtrImage -Deep, and mend them with Repair-CtrImage.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int wanted = (int)Math.Min(buffer.Length, _length - _read);
        int read = wanted == 0 ? 0 : await bytes.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        _read += read;
        _hash?.AppendData(buffer.Span[..read]);
        if (read == 0 && !_isProved)
        {
            Prove();
            _isProved = true;
        }

        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        await bytes.DisposeAsync().ConfigureAwait(false);
        _hash?.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            bytes.Dispose();
            _hash?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Prove()
    {
        string? fault = _read != _length ? $"it ends after {offset + _read} of {blob.Size} bytes"
            : _hash is not null && Digests.Of(_hash, blob.Digest) is var actual && actual != blob.Digest ? $"its bytes hash to {actual}"
            : null;
        if (fault is not null)
        {
            throw new CtrException(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{blob.Digest}' in {where} is corrupt: {fault}.")
            {
                Target = blob.Digest,
                RecommendedAction = wayOut,
            };
        }
    }
}
