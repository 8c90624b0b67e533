namespace CtrPS;

/// <summary>What a container did to a file of its image.</summary>
public enum CtrContainerChangeKind : long
{
    /// <summary>The image has nothing at that path.</summary>
    Added,

    /// <summary>The image has something else there; of a folder, what is in it or its owner or permissions are others.</summary>
    Changed,

    /// <summary>The image has it, and the container has not.</summary>
    Deleted,
}

/// <summary>A file in which a container differs from its image.</summary>
public sealed class CtrContainerChange : CtrObject
{
    internal CtrContainerChange()
    {
    }

    /// <summary>The container.</summary>
    public string ContainerId { get; internal set; } = null!;

    /// <summary>The path in the container: <c>/etc/passwd</c>.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>What was done to it.</summary>
    public CtrContainerChangeKind Change { get; internal set; }

    /// <summary>What it is; of a deleted one, what it was. Null where that is not told.</summary>
    public CtrFileKind? Kind { get; internal set; }

    /// <summary>Bytes of a file; of a deleted one, those that it had. Null for everything else.</summary>
    public long? Size { get; internal set; }

    /// <summary>The letter that docker diff writes, and the path.</summary>
    public override string ToString() => $"{Change.ToString()[0]} {Path}";
}
