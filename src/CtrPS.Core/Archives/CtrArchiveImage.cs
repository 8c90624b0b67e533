namespace CtrPS;

/// <summary>An image in an archive: one for each name, and one for each image that has none.</summary>
public sealed class CtrArchiveImage
{
    internal CtrArchiveImage()
    {
    }

    /// <summary>Full path of the archive: a file, or the folder of a layout.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>
    /// The full name, such as <c>docker.io/library/nginx:1.27</c>, or what the archive gives instead of one. Null for an image without a name.
    /// </summary>
    public string? Name { get; internal set; }

    /// <summary>
    /// Digest of the manifest or index; for an image that only docker's <c>manifest.json</c> describes, of the manifest that an import makes for
    /// it.
    /// </summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Media type of the manifest or index.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>
    /// Bytes, counted as <see cref="CtrImage.Size"/>: the descriptor sizes of the index (if any), the manifest for this machine's platform, its
    /// config
    /// and its layers. Null where that manifest is not in the archive or cannot be read.
    /// </summary>
    public long? Size { get; internal set; }

    /// <summary>The platforms, in the order of the index, and which of them are whole here. Attestations are among them.</summary>
    public IReadOnlyList<CtrImagePlatform> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<CtrImagePlatform>.Empty;

    /// <summary>By which rules the archive can be read.</summary>
    public CtrArchiveFormat Format { get; internal set; }

    /// <summary>The compression of the whole archive.</summary>
    public CtrCompression Compression { get; internal set; }

    /// <summary>What the image refers to and the archive does not hold, or holds damaged, as far as it shows without reading the layers.</summary>
    public IReadOnlyList<CtrBlobFault> Faults { get; internal set => field = CtrList.Of(value); } = CtrList<CtrBlobFault>.Empty;

    /// <summary>Whether everything that the image refers to, for all its platforms, is in the archive.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary>The name, else the digest.</summary>
    public override string ToString() => Name ?? Digest;
}
