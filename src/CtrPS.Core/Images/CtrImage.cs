namespace CtrPS;

/// <summary>
/// An image of containerd: a name in a namespace that points to a manifest or an index. Equal to another when name, namespace, digest and session
/// are.
/// </summary>
public sealed record CtrImage : CtrObject, IComparable<CtrImage>, IComparable
{
    /// <summary>The full name as it stands in the store, such as <c>docker.io/library/nginx:1.27</c>.</summary>
    public required string Name { get; init; }

    /// <summary>All names that point to the same digest with -Unique; else just <see cref="Name"/>.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>
    /// Records of the namespace that point to the same digest and that nobody named: <c>repository@digest</c> and <c>sha256:</c> with the id of the
    /// config, as Kubernetes keeps them. They are the image's, not images of their own. Empty for a record of -All.
    /// </summary>
    public IReadOnlyList<string> Aliases { get; init; } = Array.Empty<string>();

    /// <summary>The registry, such as <c>docker.io</c> or <c>registry.k8s.io:5000</c>. Null where the name is no reference.</summary>
    public string? Registry { get; init; }

    /// <summary>The repository, such as <c>library/nginx</c>. Null where the name is no reference.</summary>
    public string? Repository { get; init; }

    /// <summary>The tag. Null where the name has none.</summary>
    public string? Tag { get; init; }

    /// <summary>Digest of the manifest or index, <c>sha256:</c> and 64 hex digits.</summary>
    public required string Digest { get; init; }

    /// <summary>Media type of the manifest or index.</summary>
    public required string MediaType { get; init; }

    /// <summary>
    /// Bytes: the descriptor sizes of the index (if any), the manifest for the server's platform or the one asked for, its config and its layers. It
    /// is the number that <c>ctr images ls</c> rounds. Null where that manifest is not in the store or cannot be read.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>The platforms, in the order of the index. Empty where the index or manifest is not in the store.</summary>
    public IReadOnlyList<CtrImagePlatform> Platforms { get; init; } = [];

    /// <summary>Labels of the image record.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>When the record was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When the record was changed last.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>
    /// Whether Kubernetes' image garbage collection leaves it alone: the label <c>io.cri-containerd.pinned=pinned</c> on the record, or on an alias.
    /// </summary>
    public bool Pinned { get; init; }

    /// <summary>Whether it stands for its record alone, as ctr sees it, and not for the image with its aliases.</summary>
    internal bool IsRecord { get; init; }

    /// <summary>Size in bytes of the manifest or index itself.</summary>
    internal long TargetSize { get; init; }

    /// <inheritdoc/>
    public bool Equals(CtrImage? other) => other is not null && Name == other.Name && Namespace == other.Namespace && Digest == other.Digest
        && ReferenceEquals(Session, other.Session);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Namespace, Digest);

    /// <inheritdoc/>
    public int CompareTo(CtrImage? other) => string.CompareOrdinal(Name, other?.Name);

    /// <inheritdoc/>
    public int CompareTo(object? obj) => CompareTo(obj as CtrImage);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
