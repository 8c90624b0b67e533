namespace CtrPS;

/// <summary>A tag of a repository at a registry. It goes through the pipeline as the name of an image.</summary>
public sealed class CtrRemoteTag
{
    internal CtrRemoteTag()
    {
    }

    /// <summary>The full name: <c>docker.io/library/nginx:1.27</c>.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The registry.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>The repository: <c>library/nginx</c>.</summary>
    public string Repository { get; internal set; } = null!;

    /// <summary>The tag.</summary>
    public string Tag { get; internal set; } = null!;

    /// <summary>The full name.</summary>
    public override string ToString() => Name;
}
