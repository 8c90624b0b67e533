namespace CtrPS;

/// <summary>Something that a garbage collection took, or would take.</summary>
public sealed class CtrGarbage : CtrObject
{
    internal CtrGarbage()
    {
    }

    /// <summary>What it is: content, a snapshot, an ingest; a lease whose time is over; since containerd 2.0 an image whose time is over.</summary>
    public CtrResourceKind Kind { get; internal set; }

    /// <summary>Its name: the blob's digest, the snapshot's key, the write's ref, the lease's id, the image's name.</summary>
    public string Key { get; internal set; } = null!;

    /// <summary>The snapshotter of a snapshot. Null for anything else.</summary>
    public string? Snapshotter { get; internal set; }

    /// <summary>Its bytes, of a snapshot without those below it. Null where that is not known.</summary>
    public long? Size { get; internal set; }

    /// <summary>The bytes that the disk has more without it: 0 where another namespace has the same blob, whose file is one for all.</summary>
    public long Freed { get; internal set; }

    /// <summary>Its name.</summary>
    public override string ToString() => Key;
}

/// <summary>A garbage collection of a containerd: what went, or what would go. It is always over all namespaces.</summary>
public sealed class CtrGarbageCollection : CtrObject
{
    internal CtrGarbageCollection()
    {
    }

    /// <summary>Whether nothing was done: what is told would go.</summary>
    public bool IsPrediction { get; internal set; }

    /// <summary>What went, by namespace, kind and name.</summary>
    public IReadOnlyList<CtrGarbage> Items { get; internal set => field = CtrList.Of(value); } = CtrList<CtrGarbage>.Empty;

    /// <summary>Bytes of blobs that were freed. A blob that several namespaces have counts once, and not while one keeps it.</summary>
    public long ContentFreed { get; internal set; }

    /// <summary>Bytes of snapshots that were freed.</summary>
    public long SnapshotFreed { get; internal set; }

    /// <summary>Bytes of unfinished writes that were freed.</summary>
    public long IngestFreed { get; internal set; }

    /// <summary>All bytes that were freed.</summary>
    public long Freed => ContentFreed + SnapshotFreed + IngestFreed;

    /// <summary>How long the collection took. Zero of a prediction.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>How many things went.</summary>
    public override string ToString() => $"{Items.Count}";
}
