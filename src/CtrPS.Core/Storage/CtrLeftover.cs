namespace CtrPS;

/// <summary>What a leftover is.</summary>
public enum CtrLeftoverKind : long
{
    /// <summary>A lease, which keeps what was made under it from the garbage collector until it expires.</summary>
    Lease,

    /// <summary>A process that was added to a container and still runs there, with its pipes.</summary>
    Process,

    /// <summary>A folder with the pipes of a process that is gone.</summary>
    Pipes,

    /// <summary>An unfinished write of a blob.</summary>
    Ingest,

    /// <summary>A file that would have become another one.</summary>
    File,
}

/// <summary>Something that a process of CtrPS left which was killed.</summary>
public sealed class CtrLeftover : CtrObject
{
    internal CtrLeftover()
    {
    }

    /// <summary>What it is.</summary>
    public CtrLeftoverKind Kind { get; internal set; }

    /// <summary>
    /// Its name: the lease's id, <c>container/process</c>, the folder, the write's ref, or the file.
    /// </summary>
    public string Key { get; internal set; } = null!;

    /// <summary>The process that left it, on this machine. Null where nobody noted it.</summary>
    public long? ProcessId { get; internal set; }

    /// <summary>When it was made. Null where that is not known.</summary>
    public DateTimeOffset? Since { get; internal set; }

    /// <summary>Why it is nobody's any more, and what is lost with it.</summary>
    public string Reason { get; internal set; } = "";

    /// <summary>The folder with its pipes. Null: it has none.</summary>
    internal string? Folder { get; set; }

    /// <summary>Its name.</summary>
    public override string ToString() => Key;
}
