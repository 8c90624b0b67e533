namespace CtrPS.Client.Formats;

/// <summary>A stream of which the first bytes were read already.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> head, Stream rest) : ForwardStream
{
    private ReadOnlyMemory<byte> _head = head;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_head.IsEmpty)
        {
            return rest.ReadAsync(buffer, cancellationToken);
        }

        int read = Math.Min(_head.Length, buffer.Length);
        _head[..read].CopyTo(buffer);
        _head = _head[read..];
        return ValueTask.FromResult(read);
    }
}
