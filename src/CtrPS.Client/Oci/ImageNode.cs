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

/// <summary>A blob of an image, with what hangs below it as far as it can be read.</summary>
internal sealed class ImageNode
{
    public required Descriptor Descriptor { get; init; }

    public required ImageNodeKind Kind { get; init; }

    /// <summary>Of a manifest: the platform that its index names, else the one in its config. Null where neither is known, and for all other kinds.</summary>
    public CtrPlatform? Platform { get; init; }

    /// <summary>Bytes of the blob as it lies there. Null where it is missing.</summary>
    public long? StoredSize { get; init; }

    /// <summary>Why the blob cannot be used although it is there: wrong size, wrong bytes, no JSON. Null where nothing is known against it.</summary>
    public CtrException? Fault { get; init; }

    /// <summary>In the order of the document. Empty where the blob has none, or cannot be read.</summary>
    public IReadOnlyList<ImageNode> Children { get; init; } = [];

    /// <summary>The blob is there, and nothing is known against it.</summary>
    public bool IsSound => StoredSize is not null && Fault is null;

    /// <summary>The blob and all below it are sound.</summary>
    public bool IsWhole => IsSound && Children.All(child => child.IsWhole);

    /// <summary>Whether it describes another manifest (provenance, SBOM) rather than being an image.</summary>
    public bool IsAttestation => Kind == ImageNodeKind.Manifest && Descriptor.IsAttestation;

    /// <summary>The digest of the manifest that an attestation is about. Null where it names none.</summary>
    public string? AttestedDigest => IsAttestation && Descriptor.Annotations.TryGetValue("vnd.docker.reference.digest", out string? digest) ? digest : null;

    /// <summary>Of a manifest: its config. Null where it has none or cannot be read.</summary>
    public ImageNode? Config => Children.FirstOrDefault(child => child.Kind == ImageNodeKind.Config);

    /// <summary>Of a manifest: its layers, bottom first.</summary>
    public IEnumerable<ImageNode> Layers => Children.Where(child => child.Kind == ImageNodeKind.Layer);

    /// <summary>The node and all below it, each parent before its children.</summary>
    public IEnumerable<ImageNode> All => Children.SelectMany(child => child.All).Prepend(this);

    /// <summary>The manifests at and below the node, those of nested indexes too, in the order of the documents.</summary>
    public IEnumerable<ImageNode> Manifests => All.Where(node => node.Kind == ImageNodeKind.Manifest);
}
