namespace CtrPS;

/// <summary>
/// How far a transfer of bytes is. The work counts from its threads; a cmdlet looks now and then from the pipeline's.
/// </summary>
internal sealed class CtrTransferMeter
{
    private long _total;
    private long _done;
    private string? _current;

    /// <summary>Bytes to move. 0 while that is not known yet.</summary>
    public long TotalBytes => Volatile.Read(ref _total);

    /// <summary>Bytes moved so far.</summary>
    public long DoneBytes => Volatile.Read(ref _done);

    /// <summary>What is being worked on, in words. Null before the work begins.</summary>
    public string? Current => Volatile.Read(ref _current);

    internal void SetTotal(long bytes) => Volatile.Write(ref _total, bytes);

    internal void AddTotal(long bytes) => Interlocked.Add(ref _total, bytes);

    internal void AddDone(long bytes) => Interlocked.Add(ref _done, bytes);

    internal void Show(string words) => Volatile.Write(ref _current, words);
}
