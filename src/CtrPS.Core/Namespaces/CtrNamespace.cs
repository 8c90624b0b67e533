namespace CtrPS;

/// <summary>A namespace of containerd.</summary>
public sealed record CtrNamespace
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The labels. <c>containerd.io/defaults/snapshotter</c> and <c>containerd.io/defaults/runtime</c> hold the namespace's defaults.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Where the containerd listens that the namespace is of. Null where it is not known.</summary>
    public string? Address => Session?.Address;

    internal CtrSession? Session { get; set; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
