namespace CtrPS;

/// <summary>An image in an archive: one for each name, and one for each image that has none.</summary>
public sealed record CtrArchiveImage
{
    /// <summary>Full path of the archive: a file, or the folder of a layout.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// The full name, such as <c>docker.io/library/nginx:1.27</c>, or what the archive gives instead of one. Null for an image without a name.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// Digest of the manifest or index; for an image that only docker's <c>manifest.json</c> describes, of the manifest that an import makes for
    /// it.
    /// </summary>
    public required string Digest { get; init; }

    /// <summary>Media type of the manifest or index.</summary>
    public required string MediaType { get; init; }

    /// <summary>
    /// Bytes, counted as <see cref="CtrImage.Size"/>: the descriptor sizes of the index (if any), the manifest for this machine's platform, its
    /// config
    /// and its layers. Null where that manifest is not in the archive or cannot be read.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>The platforms, in the order of the index, and which of them are whole here. Attestations are among them.</summary>
    public IReadOnlyList<CtrImagePlatform> Platforms { get; init; } = [];

    /// <summary>By which rules the archive can be read.</summary>
    public required CtrArchiveFormat Format { get; init; }

    /// <summary>The compression of the whole archive.</summary>
    public required CtrCompression Compression { get; init; }

    /// <summary>What the image refers to and the archive does not hold, or holds damaged, as far as it shows without reading the layers.</summary>
    public IReadOnlyList<CtrBlobFault> Faults { get; init; } = [];

    /// <summary>Whether everything that the image refers to, for all its platforms, is in the archive.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>The name, else the digest.</summary>
    public override string ToString() => Name ?? Digest;
}
