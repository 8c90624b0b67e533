namespace CtrPS.Client.Oci;

/// <summary>What part a blob plays in an image.</summary>
internal enum ImageNodeKind
{
    /// <summary>Lists manifests.</summary>
    Index,

    /// <summary>Lists a config and layers.</summary>
    Manifest,

    /// <summary>The config of a manifest.</summary>
    Config,

    /// <summary>A layer of a manifest, or whatever an artifact has in its place.</summary>
    Layer,

    /// <summary>Something in an index that is neither index nor manifest.</summary>
    Other,
}

/// <summary>What is known of a blob's bytes. All places of an image that list the blob share it, so that it is read and judged once.</summary>
internal sealed class BlobState
{
    /// <summary>Not there.</summary>
    public static readonly BlobState Absent = new();

    private bool? _isWhole;
    private long? _childrenSize;

    /// <summary>Bytes of the blob as it lies there. Null where it is missing.</summary>
    public long? StoredSize { get; init; }

    /// <summary>Why the blob cannot be used although it is there: wrong size, wrong bytes, no JSON. Null where nothing is known against it.</summary>
    public CtrException? Fault { get; init; }

    /// <summary>In the order of the document; one that is listed twice comes twice. Empty where the blob has none, or cannot be read.</summary>
    public IReadOnlyList<ImageNode> Children { get; init; } = [];

    /// <summary>Documents on the longest way down, this one included: 0 for what has no children.</summary>
    public int Height { get; init; }

    /// <summary>The blob is there, and nothing is known against it.</summary>
    public bool IsSound => StoredSize is not null && Fault is null;

    /// <summary>The blob and all below it are sound.</summary>
    public bool IsWhole => _isWhole ??= IsSound && Children.All(child => child.IsWhole);

    /// <summary>Bytes of the children, as their descriptors say.</summary>
    public long ChildrenSize => _childrenSize ??= Children.Sum(child => child.Descriptor.Size);
}

/// <summary>
/// A blob in its place in an image, with what hangs below it as far as it can be read. Different places may share what is below them: the whole is no
/// tree, and is to be walked by <see cref="All"/>, which comes to each place once.
/// </summary>
internal sealed class ImageNode
{
    public required Descriptor Descriptor { get; init; }

    public required ImageNodeKind Kind { get; init; }

    /// <summary>What is known of the bytes.</summary>
    public BlobState State { get; init; } = BlobState.Absent;

    /// <summary>
    /// Of a manifest: the platform that its index names, else the one in its config. Null where neither is known, and for all other kinds.
    /// </summary>
    public CtrPlatform? Platform { get; init; }

    /// <inheritdoc cref="BlobState.StoredSize"/>
    public long? StoredSize => State.StoredSize;

    /// <inheritdoc cref="BlobState.Fault"/>
    public CtrException? Fault => State.Fault;

    /// <inheritdoc cref="BlobState.Children"/>
    public IReadOnlyList<ImageNode> Children => State.Children;

    /// <inheritdoc cref="BlobState.IsSound"/>
    public bool IsSound => State.IsSound;

    /// <inheritdoc cref="BlobState.IsWhole"/>
    public bool IsWhole => State.IsWhole;

    /// <summary>Whether it is a manifest or an index.</summary>
    public bool IsDocument => Kind is ImageNodeKind.Index or ImageNodeKind.Manifest;

    /// <summary>Whether it describes another manifest (provenance, SBOM) rather than being an image.</summary>
    public bool IsAttestation => Kind == ImageNodeKind.Manifest && Descriptor.IsAttestation;

    /// <summary>The digest of the manifest that an attestation is about. Null where it names none.</summary>
    public string? AttestedDigest =>
        IsAttestation && Descriptor.Annotations.TryGetValue("vnd.docker.reference.digest", out string? digest) ? digest : null;

    /// <summary>Of a manifest: its config. Null where it has none or cannot be read.</summary>
    public ImageNode? Config => Children is [{ Kind: ImageNodeKind.Config } config, ..] ? config : null;

    /// <summary>Of a manifest: its layers, bottom first.</summary>
    public IEnumerable<ImageNode> Layers => Children.Where(child => child.Kind == ImageNodeKind.Layer);

    /// <summary>The node and all below it, each place once, a parent before its children.</summary>
    public IEnumerable<ImageNode> All => WithManifests().Select(place => place.Node);

    /// <summary>The manifests at and below the node, those of nested indexes too, in the order of the documents.</summary>
    public IEnumerable<ImageNode> Manifests => All.Where(node => node.Kind == ImageNodeKind.Manifest);

    /// <summary>The manifest of an image of a file system that could be unpacked: with a config of an image, and nothing but layers.</summary>
    public bool IsFileSystem =>
        Config is { } config
            && MediaTypes.IsImageConfig(config.Descriptor.MediaType)
            && Layers.All(layer => MediaTypes.IsLayer(layer.Descriptor.MediaType));

    /// <summary>The node and all below it, with the manifest that each is of: null for an index, itself for a manifest.</summary>
    /// <param name="enter">Whether to go below a node, and to count it at all. Null: everything.</param>
    public IEnumerable<(ImageNode Node, ImageNode? Manifest)> WithManifests(Func<ImageNode, bool>? enter = null)
    {
        var seen = new HashSet<ImageNode>(ReferenceEqualityComparer.Instance);
        var entered = new HashSet<BlobState>(ReferenceEqualityComparer.Instance);
        return Visit(this, null);

        IEnumerable<(ImageNode, ImageNode?)> Visit(ImageNode node, ImageNode? manifest)
        {
            if (!seen.Add(node) || enter?.Invoke(node) == false)
            {
                yield break;
            }

            manifest = node.Kind == ImageNodeKind.Manifest ? node : manifest;
            yield return (node, manifest);
            if (node.Children.Count > 0 && entered.Add(node.State))
            {
                foreach (ImageNode child in node.Children)
                {
                    foreach ((ImageNode, ImageNode?) below in Visit(child, manifest))
                    {
                        yield return below;
                    }
                }
            }
        }
    }
}
