namespace CtrPS.Client.Registry;

/// <summary>When a blob is read over several connections, and how much memory that may take.</summary>
internal sealed record RangeRules
{
    /// <summary>Bytes that have to be left of a blob: for fewer it is not worth the requests.</summary>
    public long Least { get; init; } = 64 << 20;

    /// <summary>Bytes of a range. A range waits in memory for its turn, as containerd takes bytes in their order alone.</summary>
    public int Size { get; init; } = 4 << 20;

    /// <summary>Ranges in memory at the same time, of all blobs: 16 MiB. Several layers at once are several connections already.</summary>
    public int InAll { get; init; } = 4;

    /// <summary>How long one connection is looked at before more are opened.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How far ahead of the one connection the first range begins: the time that the connections for it take to come about.</summary>
    public TimeSpan Ahead { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Bytes a second that are enough for one connection: it has a network of 1 Gbit/s for itself then, or it is not the network that is waited for.
    /// </summary>
    public long Enough { get; init; } = 100 << 20;
}

/// <summary>The memory of ranges that wait for their turn, of all blobs together. Safe for concurrent use.</summary>
internal sealed class RangeBuffers(RangeRules rules)
{
    private readonly Stack<byte[]> _free = new();
    private readonly Lock _lock = new();
    private int _left = rules.InAll;

    public RangeRules Rules => rules;

    /// <summary>Memory for ranges, each of <see cref="RangeRules.Size"/> bytes. Nobody waits for it.</summary>
    /// <param name="least">How many are worth anything: where fewer are left none is given, so that nobody sits on one alone.</param>
    /// <param name="most">How many are wanted.</param>
    public IReadOnlyList<byte[]> Rent(int least, int most)
    {
        lock (_lock)
        {
            int count = _left < least ? 0 : Math.Min(_left, most);
            _left -= count;
            return [.. Enumerable.Range(0, count).Select(
                _ => _free.TryPop(out byte[]? buffer) ? buffer : GC.AllocateUninitializedArray<byte>(rules.Size))];
        }
    }

    public void Return(byte[] buffer)
    {
        lock (_lock)
        {
            _free.Push(buffer);
            _left++;
        }
    }
}
