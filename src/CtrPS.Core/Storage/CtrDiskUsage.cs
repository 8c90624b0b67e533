namespace CtrPS;

/// <summary>Whose bytes they are.</summary>
public enum CtrDiskUsageKind : long
{
    /// <summary>An image: its blobs and the snapshots that it is unpacked in.</summary>
    Image,

    /// <summary>A container: what it writes, and what it stands on.</summary>
    Container,

    /// <summary>A lease that no container or image needs for what it holds.</summary>
    Lease,

    /// <summary>An unfinished write of a blob.</summary>
    Ingest,

    /// <summary>A snapshot that its own label keeps.</summary>
    Snapshot,

    /// <summary>A blob that its own label keeps.</summary>
    Content,

    /// <summary>Nobody: the next garbage collection takes it, or nobody could use it.</summary>
    Nobody,

    /// <summary>
    /// What containerd needs besides, told on the daemon's machine only: its databases, what its plugins keep, and the blocks that files take over
    /// their bytes.
    /// </summary>
    Metadata,

    /// <summary>Files in containerd's folder that no record explains, told on the daemon's machine only.</summary>
    Unexplained,
}

/// <summary>What an owner takes on a containerd's disk.</summary>
public sealed class CtrDiskUsage : CtrObject
{
    internal CtrDiskUsage()
    {
    }

    /// <summary>What the owner is.</summary>
    public CtrDiskUsageKind Kind { get; internal set; }

    /// <summary>Its name; the path of what is no record's. Empty: nobody's.</summary>
    public string Owner { get; internal set; } = "";

    /// <summary>Bytes of blobs.</summary>
    public long Content { get; internal set; }

    /// <summary>Bytes of snapshots.</summary>
    public long Snapshot { get; internal set; }

    /// <summary>Bytes of unfinished writes.</summary>
    public long Ingest { get; internal set; }

    /// <summary>Bytes of other files.</summary>
    public long Other { get; internal set; }

    /// <summary>All bytes that it needs.</summary>
    public long Size => Content + Snapshot + Ingest + Other;

    /// <summary>Bytes that no other owner of any namespace needs.</summary>
    public long Unique { get; internal set; }

    /// <summary>Bytes that others need, too.</summary>
    public long Shared => Size - Unique;

    /// <summary>Bytes that are free when it is removed: its own ones, where nobody uses it.</summary>
    public long Reclaimable { get; internal set; }

    /// <summary>Whether something works with it: a container of an image, a task of a container, whoever has a lease.</summary>
    public bool InUse { get; internal set; }

    /// <summary>Why its bytes are kept, in words.</summary>
    public string WhyKept { get; internal set; } = "";

    /// <summary>The command that would free its bytes. Empty: none should.</summary>
    public string FreedBy { get; internal set; } = "";

    /// <summary>Its bytes beside those of the largest owner that is told: 0 to 1.</summary>
    public double Share { get; internal set; }

    /// <summary>Its name.</summary>
    public override string ToString() => Owner;
}

/// <summary>What all owners of a kind take on a containerd's disk. Each byte counts for one kind, so that they add up.</summary>
public sealed class CtrDiskUsageSummary : CtrObject
{
    internal CtrDiskUsageSummary()
    {
    }

    /// <summary>What the owners are. Bytes that owners of several kinds need count for the first of them.</summary>
    public CtrDiskUsageKind Kind { get; internal set; }

    /// <summary>How many there are.</summary>
    public long Count { get; internal set; }

    /// <summary>How many of them something works with.</summary>
    public long InUse { get; internal set; }

    /// <summary>Bytes of blobs.</summary>
    public long Content { get; internal set; }

    /// <summary>Bytes of snapshots.</summary>
    public long Snapshot { get; internal set; }

    /// <summary>Bytes of unfinished writes.</summary>
    public long Ingest { get; internal set; }

    /// <summary>Bytes of other files.</summary>
    public long Other { get; internal set; }

    /// <summary>All bytes. On the daemon's machine those of all kinds add up to what containerd's folder takes on the disk.</summary>
    public long Size => Content + Snapshot + Ingest + Other;

    /// <summary>Bytes that are free when all of them are removed that nothing works with.</summary>
    public long Reclaimable { get; internal set; }

    /// <summary>The kind.</summary>
    public override string ToString() => Kind.ToString();
}

/// <summary>What a daemon's disk is used for.</summary>
/// <param name="Owners">Every owner, the largest first.</param>
/// <param name="Summary">By kind.</param>
internal sealed record CtrDiskUsageReport(IReadOnlyList<CtrDiskUsage> Owners, IReadOnlyList<CtrDiskUsageSummary> Summary);
