namespace CtrPS;

/// <summary>Something that a lease holds.</summary>
public sealed class CtrLeaseResource : CtrObject
{
    /// <summary>A blob, by its digest.</summary>
    internal const string Content = "content";

    /// <summary>An unfinished write, by its ref.</summary>
    internal const string Ingests = "ingests";

    /// <summary>An image that would expire, by its name: from containerd 2.0 on.</summary>
    internal const string Images = "images";

    /// <summary>A snapshot, by its key: before the name of its snapshotter.</summary>
    internal const string Snapshots = "snapshots/";

    internal CtrLeaseResource()
    {
    }

    /// <summary>The lease's id.</summary>
    public string Lease { get; internal set; } = null!;

    /// <summary>
    /// What it is, by containerd's word (metadata/leases.go): <c>content</c>, <c>snapshots/overlayfs</c> and other snapshotters, <c>ingests</c>,
    /// and from 2.0 on <c>images</c>.
    /// </summary>
    public string Type { get; internal set; } = null!;

    /// <summary>Its name: the blob's digest, the snapshot's key, the write's ref, the image's name.</summary>
    public string Key { get; internal set; } = null!;

    /// <summary>Its name.</summary>
    public override string ToString() => Key;
}
