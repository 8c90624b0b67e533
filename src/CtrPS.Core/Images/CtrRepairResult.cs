namespace CtrPS;

/// <summary>How the repair of an image ended.</summary>
public enum CtrRepairStatus : long
{
    /// <summary>No blob was wrong, whether labels were set anew or not.</summary>
    Sound,

    /// <summary>Every blob that was wrong is mended.</summary>
    Repaired,

    /// <summary>A blob is still wrong.</summary>
    Failed,
}

/// <summary>What Repair-CtrImage did.</summary>
public sealed class CtrRepairResult : CtrObject
{
    internal CtrRepairResult()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>Digest of the manifest or index that the name points to now. With -FromSnapshot it may be another one than before.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The outcome.</summary>
    public CtrRepairStatus Status { get; internal set; }

    /// <summary>What was wrong with the blobs that are mended now.</summary>
    public IReadOnlyList<CtrBlobFault> Repaired { get; internal set => field = CtrList.Of(value); } = CtrList<CtrBlobFault>.Empty;

    /// <summary>What is wrong still, and why it could not be mended.</summary>
    public IReadOnlyList<CtrBlobFault> Failed { get; internal set => field = CtrList.Of(value); } = CtrList<CtrBlobFault>.Empty;

    /// <summary>Blobs whose labels for the garbage collector were not whole and are now: without them it deletes what hangs on the blob.</summary>
    public int RelabeledCount { get; internal set; }

    /// <summary>Bytes that were written.</summary>
    public long BytesWritten { get; internal set; }

    /// <summary>Name and outcome.</summary>
    public override string ToString() => $"{Name}: {Status}";
}
