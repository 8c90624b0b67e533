namespace CtrPS.Client.Content;

/// <summary>The bytes of a blob as they come from Content.Read. Closing it early cancels the call.</summary>
internal sealed class BlobReadStream(IAsyncEnumerable<ContentChunk> messages, long length, CancellationToken cancellationToken) : Stream
{
    private readonly IAsyncEnumerator<ContentChunk> _messages = messages.GetAsyncEnumerator(cancellationToken);
    private ContentChunk? _chunk;
    private ReadOnlyMemory<byte> _rest;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Release();
            if (!await _messages.MoveNextAsync().ConfigureAwait(false))
            {
                return 0;
            }

            _chunk = _messages.Current;
            _rest = _chunk.Bytes;
        }

        int count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override async ValueTask DisposeAsync()
    {
        Release();
        await _messages.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Release();
            _messages.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private void Release()
    {
        _rest = default;
        _chunk?.Dispose();
        _chunk = null;
    }
}
