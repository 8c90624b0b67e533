namespace CtrPS;

/// <summary>
/// How far a transfer of bytes is. The work counts from its threads; a cmdlet looks now and then from the pipeline's.
/// </summary>
internal sealed class CtrTransferMeter
{
    private readonly CtrTransferMeter? _whole;
    private readonly List<CtrTransferMeter> _parts = [];
    private long _total;
    private long _done;
    private string? _current;

    public CtrTransferMeter()
    {
    }

    private CtrTransferMeter(CtrTransferMeter whole, string name) => (_whole, Name) = (whole, name);

    /// <summary>Of a part: what it is, in words.</summary>
    public string Name { get; } = "";

    /// <summary>The parts that are being worked on.</summary>
    public IReadOnlyList<CtrTransferMeter> Parts
    {
        get
        {
            lock (_parts)
            {
                return [.. _parts];
            }
        }
    }

    /// <summary>Bytes to move. 0 while that is not known yet.</summary>
    public long TotalBytes => Volatile.Read(ref _total);

    /// <summary>Bytes moved so far.</summary>
    public long DoneBytes => Volatile.Read(ref _done);

    /// <summary>What is being worked on, in words. Null before the work begins.</summary>
    public string? Current => Volatile.Read(ref _current);

    /// <summary>A part of the work, such as one image of several: what it counts, counts here too. To be ended by <see cref="End"/>.</summary>
    internal CtrTransferMeter Part(string name)
    {
        var part = new CtrTransferMeter(this, name);
        lock (_parts)
        {
            _parts.Add(part);
        }

        return part;
    }

    /// <summary>The part is done, or given up.</summary>
    internal void End()
    {
        lock (_whole!._parts)
        {
            _ = _whole._parts.Remove(this);
        }
    }

    internal void SetTotal(long bytes) => Volatile.Write(ref _total, bytes);

    internal void AddTotal(long bytes)
    {
        _ = Interlocked.Add(ref _total, bytes);
        _whole?.AddTotal(bytes);
    }

    internal void AddDone(long bytes)
    {
        _ = Interlocked.Add(ref _done, bytes);
        _whole?.AddDone(bytes);
    }

    internal void Show(string words) => Volatile.Write(ref _current, words);
}
