using System.Security.Cryptography;
using CtrPS.Client.Formats;

namespace CtrPS.Client.Oci;

/// <summary>
/// Hashes and counts what is read through it. Leaves the stream below open, so that the rest can be hashed where a reader stopped early.
/// </summary>
internal sealed class HashedStream(Stream content, IncrementalHash hash, Action<int> count) : ForwardStream
{
    private byte[] _ahead = [];
    private int _aheadPosition;
    private long _position;

    public override long Length => content.Length;

    /// <summary>Bytes read and hashed so far.</summary>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// The first bytes, which will be read again: at most <paramref name="length"/>, fewer where there are no more. To be called once, before
    /// anything is read.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int length, CancellationToken cancellationToken)
    {
        byte[] head = new byte[length];
        int read = await content.ReadAtLeastAsync(head, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        _ahead = head[..read];
        return _ahead;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        if (_aheadPosition < _ahead.Length)
        {
            read = Math.Min(buffer.Length, _ahead.Length - _aheadPosition);
            _ahead.AsMemory(_aheadPosition, read).CopyTo(buffer);
            _aheadPosition += read;
        }
        else
        {
            read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        hash.AppendData(buffer.Span[..read]);
        _position += read;
        count(read);
        return read;
    }
}
