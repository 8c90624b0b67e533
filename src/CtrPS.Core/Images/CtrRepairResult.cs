namespace CtrPS;

/// <summary>How the repair of an image ended.</summary>
public enum CtrRepairStatus
{
    /// <summary>No blob was wrong, whether labels were set anew or not.</summary>
    Sound,

    /// <summary>Every blob that was wrong is mended.</summary>
    Repaired,

    /// <summary>A blob is still wrong.</summary>
    Failed,
}

/// <summary>What Repair-CtrImage did.</summary>
public sealed record CtrRepairResult : CtrObject
{
    /// <summary>The full name of the image.</summary>
    public required string Name { get; init; }

    /// <summary>The outcome.</summary>
    public required CtrRepairStatus Status { get; init; }

    /// <summary>What was wrong with the blobs that are mended now.</summary>
    public IReadOnlyList<CtrBlobFault> Repaired { get; init; } = [];

    /// <summary>What is wrong still, and why it could not be mended.</summary>
    public IReadOnlyList<CtrBlobFault> Failed { get; init; } = [];

    /// <summary>Blobs whose labels for the garbage collector were not whole and are now: without them it deletes what hangs on the blob.</summary>
    public int RelabeledCount { get; init; }

    /// <summary>Bytes that were written.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>Name and outcome.</summary>
    public override string ToString() => $"{Name}: {Status}";
}
