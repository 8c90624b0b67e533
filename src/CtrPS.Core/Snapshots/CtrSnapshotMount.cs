namespace CtrPS;

/// <summary>A mount by which the daemon's machine shows the file system of a snapshot. Several of one snapshot are done in their order.</summary>
public sealed class CtrSnapshotMount : CtrObject
{
    internal CtrSnapshotMount()
    {
    }

    /// <summary>The key of the snapshot.</summary>
    public string Key { get; internal set; } = null!;

    /// <summary>The snapshotter that has it.</summary>
    public string Snapshotter { get; internal set; } = null!;

    /// <summary>The kind of file system: <c>overlay</c>, <c>bind</c>.</summary>
    public string Type { get; internal set; } = null!;

    /// <summary>What is mounted: a folder or a device of the daemon's machine, or the kind again.</summary>
    public string Source { get; internal set; } = "";

    /// <summary>The folder that shows the snapshot: where it is mounted by Mount-CtrSnapshot, else the one in the line for the shell.</summary>
    public string Target { get; internal set; } = "";

    /// <summary>The folder in which it is mounted, below the one that shows the snapshot. Mostly empty.</summary>
    public string SubFolder { get; internal set; } = "";

    /// <summary>The options.</summary>
    public IReadOnlyList<string> Options { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The mount as a line for the shell of the daemon's machine, with the folder that was asked for.</summary>
    public string CommandLine { get; internal set; } = "";

    /// <summary>The line for the shell.</summary>
    public override string ToString() => CommandLine;
}
