namespace CtrPS;

/// <summary>Something in a containerd that nobody needs, or that lacks what it needs.</summary>
public sealed class CtrOrphan : CtrObject
{
    internal CtrOrphan()
    {
    }

    /// <summary>What it is.</summary>
    public CtrResourceKind Kind { get; internal set; }

    /// <summary>Its name.</summary>
    public string Key { get; internal set; } = null!;

    /// <summary>The snapshotter of a snapshot. Null for anything else.</summary>
    public string? Snapshotter { get; internal set; }

    /// <summary>Its bytes. Null where that is not known.</summary>
    public long? Size { get; internal set; }

    /// <summary>When it was made, or written to last. Null where the daemon does not say.</summary>
    public DateTimeOffset? Since { get; internal set; }

    /// <summary>How long ago that was when it was found. Null where that is not known.</summary>
    public TimeSpan? Age { get; internal set; }

    /// <summary>
    /// Whether a label of its own (<c>containerd.io/gc.root</c>) keeps it: somebody meant it to stay, as ctr, Add-CtrContent and New-CtrSnapshot do.
    /// </summary>
    public bool IsKept { get; internal set; }

    /// <summary>Why it is an orphan, in words.</summary>
    public string Reason { get; internal set; } = "";

    /// <summary>The command that removes it.</summary>
    public string FreedBy { get; internal set; } = "";

    /// <summary>Of a namespace's blob: how many namespaces have it. 0 for anything else.</summary>
    internal int Holders { get; set; }

    /// <summary>Snapshots that stand on it and have to go first.</summary>
    internal int Order { get; set; }

    /// <summary>Its name.</summary>
    public override string ToString() => Key;
}
