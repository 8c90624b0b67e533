namespace CtrPS;

/// <summary>A hosts.toml that was written.</summary>
public sealed class CtrHostsFile
{
    internal CtrHostsFile()
    {
    }

    /// <summary>The registry. <c>*</c>: all that have no folder of their own.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>The file.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>The hosts in it, in the order of asking.</summary>
    public IReadOnlyList<string> Hosts { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>What is in it.</summary>
    public string Text { get; internal set; } = "";

    /// <summary>The file.</summary>
    public override string ToString() => Path;
}
