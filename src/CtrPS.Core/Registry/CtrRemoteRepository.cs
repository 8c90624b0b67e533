namespace CtrPS;

/// <summary>A repository at a registry.</summary>
public sealed class CtrRemoteRepository
{
    internal CtrRemoteRepository()
    {
    }

    /// <summary>The full name without a tag: <c>docker.io/library/nginx</c>.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The registry.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>The repository: <c>library/nginx</c>.</summary>
    public string Repository { get; internal set; } = null!;

    /// <summary>What its owner says of it. Null where nobody was asked: registries do not know, Docker Hub's search does.</summary>
    public string? Description { get; internal set; }

    /// <summary>How many people marked it. Null as <see cref="Description"/>.</summary>
    public long? Stars { get; internal set; }

    /// <summary>Whether it is one of Docker's own. Null as <see cref="Description"/>.</summary>
    public bool? IsOfficial { get; internal set; }

    /// <summary>The full name.</summary>
    public override string ToString() => Name;
}
