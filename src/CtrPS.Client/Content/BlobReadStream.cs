using CtrPS.Client.Formats;

namespace CtrPS.Client.Content;

/// <summary>The bytes of a blob as they come from Content.Read. Closing it early cancels the call.</summary>
internal sealed class BlobReadStream(IAsyncEnumerable<ContentChunk> messages, long length, CancellationToken cancellationToken) : ForwardStream
{
    private readonly IAsyncEnumerator<ContentChunk> _messages = messages.GetAsyncEnumerator(cancellationToken);
    private ContentChunk? _chunk;
    private ReadOnlyMemory<byte> _rest;

    public override long Length => length;

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
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        Release();
        await _messages.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

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
