using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>
/// An image of containerd: a name in a namespace that points to a manifest or an index. Equal to another when name, namespace, digest and session
/// are.
/// </summary>
public sealed class CtrImage : CtrObject, IEquatable<CtrImage>, IComparable<CtrImage>, IComparable
{
    /// <summary>The label by which containerd's CRI plugin knows what the kubelet is to leave alone, with its only value.</summary>
    internal const string PinnedLabel = "io.cri-containerd.pinned";

    internal const string PinnedValue = "pinned";

    internal CtrImage()
    {
    }

    /// <summary>The full name as it stands in the store, such as <c>docker.io/library/nginx:1.27</c>.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>All names that point to the same digest with -Unique; else just <see cref="Name"/>.</summary>
    public IReadOnlyList<string> Names { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>
    /// Records of the namespace that point to the same digest and that nobody named: <c>repository@digest</c> and <c>sha256:</c> with the id of the
    /// config, as Kubernetes keeps them. They are the image's, not images of their own. Empty for a record of -All.
    /// </summary>
    public IReadOnlyList<string> Aliases { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The registry, such as <c>docker.io</c> or <c>registry.k8s.io:5000</c>. Null where the name is no reference.</summary>
    public string? Registry { get; internal set; }

    /// <summary>The repository, such as <c>library/nginx</c>. Null where the name is no reference.</summary>
    public string? Repository { get; internal set; }

    /// <summary>The tag. Null where the name has none.</summary>
    public string? Tag { get; internal set; }

    /// <summary>Digest of the manifest or index, <c>sha256:</c> and 64 hex digits.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Media type of the manifest or index.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>
    /// Bytes: the descriptor sizes of the index (if any), the manifest for the server's platform or the one asked for, its config and its layers. It
    /// is the number that <c>ctr images ls</c> rounds. Null where that manifest is not in the store or cannot be read.
    /// </summary>
    public long? Size { get; internal set; }

    /// <summary>The platforms, in the order of the index. Empty where the index or manifest is not in the store.</summary>
    public IReadOnlyList<CtrImagePlatform> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<CtrImagePlatform>.Empty;

    /// <summary>Labels of the image record.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>
    /// When the image was built, as its config says for the platform of <see cref="Size"/>. Null where it does not, or is not here.
    /// </summary>
    public DateTimeOffset? Created { get; internal set; }

    /// <summary>When the record was made.</summary>
    public DateTimeOffset? CreatedAt { get; internal set; }

    /// <summary>When the record was changed last.</summary>
    public DateTimeOffset? UpdatedAt { get; internal set; }

    /// <summary>
    /// Whether Kubernetes' image garbage collection leaves it alone: the label <c>io.cri-containerd.pinned=pinned</c> on the record, or on an alias.
    /// </summary>
    public bool Pinned { get; internal set; }

    /// <summary>What <see cref="ToJson()"/> writes.</summary>
    internal Func<JsonObject>? Record { get; set; }

    /// <summary>Whether it stands for its record alone, as ctr sees it, and not for the image with its aliases.</summary>
    internal bool IsRecord { get; set; }

    /// <summary>Size in bytes of the manifest or index itself.</summary>
    internal long TargetSize { get; set; }

    /// <inheritdoc/>
    public bool Equals(CtrImage? other) => other is not null && Name == other.Name && Namespace == other.Namespace && Digest == other.Digest
        && ReferenceEquals(Session, other.Session);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CtrImage);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Namespace, Digest);

    /// <inheritdoc/>
    public int CompareTo(CtrImage? other) => string.CompareOrdinal(Name, other?.Name);

    /// <inheritdoc/>
    public int CompareTo(object? obj) => CompareTo(obj as CtrImage);

    /// <summary>The record as Go's client of containerd writes it (images.Image), on one line.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record as Go's client of containerd writes it (images.Image).</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(Record?.Invoke() ?? [], indented);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
