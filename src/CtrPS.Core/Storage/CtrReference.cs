namespace CtrPS;

/// <summary>How one thing refers to another.</summary>
public enum CtrRelation : long
{
    /// <summary>It is what was asked for.</summary>
    Subject,

    /// <summary>The image points to the blob.</summary>
    Target,

    /// <summary>The index or manifest lists the blob.</summary>
    Child,

    /// <summary>A label refers to it, and nothing else does.</summary>
    Label,

    /// <summary>The image of the config is unpacked in the snapshot.</summary>
    Unpacked,

    /// <summary>The snapshot stands on the other.</summary>
    Parent,

    /// <summary>The container has the snapshot as its root file system.</summary>
    RootFileSystem,

    /// <summary>The container was made from the image. That keeps the image from nothing but a prune.</summary>
    Image,

    /// <summary>The lease holds it.</summary>
    Lease,

    /// <summary>The unfinished write becomes the blob.</summary>
    Ingest,
}

/// <summary>A step on the way from something to what keeps it, or to what it keeps.</summary>
public sealed class CtrReference : CtrObject
{
    internal CtrReference()
    {
    }

    /// <summary>Steps from what was asked for: 0 is that itself.</summary>
    public long Depth { get; internal set; }

    /// <summary>What it is.</summary>
    public CtrResourceKind Kind { get; internal set; }

    /// <summary>Its name: an image's name, a digest, a snapshot's key, the id of a container or a lease, the ref of a write.</summary>
    public string Key { get; internal set; } = null!;

    /// <summary>The snapshotter of a snapshot. Null for anything else.</summary>
    public string? Snapshotter { get; internal set; }

    /// <summary>How it and the row above it at the depth before refer to one another.</summary>
    public CtrRelation Relation { get; internal set; }

    /// <summary>The key of the label that says so to the garbage collector. Null: none.</summary>
    public string? Label { get; internal set; }

    /// <summary>Whether the garbage collector follows this step: it reads labels and records, and no manifest.</summary>
    public bool Keeps { get; internal set; }

    /// <summary>
    /// Whether it needs no keeper: an image, a container, a sandbox, a lease or a write whose time is not over, and what has the label
    /// <c>containerd.io/gc.root</c>.
    /// </summary>
    public bool IsRoot { get; internal set; }

    /// <summary>Whether it was told before: what is behind it is not told again.</summary>
    public bool IsRepeated { get; internal set; }

    /// <summary>Bytes of a blob. Null for anything else, and where it is not there.</summary>
    public long? Size { get; internal set; }

    /// <summary>What was asked for.</summary>
    public string Subject { get; internal set; } = null!;

    /// <summary>Its name.</summary>
    public override string ToString() => Key;
}

/// <summary>What is to be traced.</summary>
internal sealed record CtrReferenceQuery
{
    /// <summary>The namespaces.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    /// <summary>What it is.</summary>
    public required CtrResourceKind Kind { get; init; }

    /// <summary>Its name; of a blob also six or more of the first digits of its digest, of an image also the short form.</summary>
    public required string Key { get; init; }

    /// <summary>Of a snapshot: the snapshotter. Null: all.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>What it keeps, instead of what keeps it.</summary>
    public bool Forward { get; init; }
}
