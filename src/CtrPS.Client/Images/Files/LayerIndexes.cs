using System.Collections.Concurrent;

namespace CtrPS.Client.Images.Files;

/// <summary>
/// Keeps the indexes of layers that were read: blobs never change, so that what was read once is right for as long as the connection lives. Those
/// that were not needed for the longest time go when they take more than <see cref="LayerLimits.MaxKeptMemory"/>.
/// </summary>
internal sealed class LayerIndexes
{
    private readonly Dictionary<string, LinkedListNode<LayerIndex>> _known = new(StringComparer.Ordinal);
    private readonly LinkedList<LayerIndex> _recent = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _memory;

    /// <summary>The index of a layer. One that several ask for at the same time is read once.</summary>
    /// <param name="digest">The layer.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="cancellationToken">Ends the waiting and the reading.</param>
    public async Task<LayerIndex> GetAsync(string digest, Func<CancellationToken, Task<LayerIndex>> read, CancellationToken cancellationToken)
    {
        if (Find(digest) is { } known)
        {
            return known;
        }

        SemaphoreSlim turn = _turns.GetOrAdd(digest, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Find(digest) is { } meanwhile)
            {
                return meanwhile;
            }

            LayerIndex index = await read(cancellationToken).ConfigureAwait(false);
            Keep(index);
            return index;
        }
        finally
        {
            _ = turn.Release();
        }
    }

    private LayerIndex? Find(string digest)
    {
        lock (_lock)
        {
            if (!_known.TryGetValue(digest, out LinkedListNode<LayerIndex>? node))
            {
                return null;
            }

            _recent.Remove(node);
            _recent.AddFirst(node);
            return node.Value;
        }
    }

    private void Keep(LayerIndex index)
    {
        lock (_lock)
        {
            _known[index.Blob.Digest] = _recent.AddFirst(index);
            _memory += index.Memory;
            while (_memory > LayerLimits.MaxKeptMemory && _recent.Last is { } oldest && _recent.Count > 1)
            {
                _recent.RemoveLast();
                _ = _known.Remove(oldest.Value.Blob.Digest);
                _memory -= oldest.Value.Memory;
            }
        }
    }
}
