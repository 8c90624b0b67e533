namespace CtrPS;

/// <summary>The outcome of reading and re-hashing all of one image in an archive.</summary>
public sealed class CtrArchiveCheck
{
    internal CtrArchiveCheck()
    {
    }

    /// <summary>Full path of the archive: a file, or the folder of a layout.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>The image's name. Null for an image without one.</summary>
    public string? Name { get; internal set; }

    /// <summary>Digest of the image's manifest or index.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The worst that was found among its blobs.</summary>
    public CtrBlobStatus Status { get; internal set; }

    /// <summary>
    /// How many blobs the image is made of, absent ones among them; those of platforms that the archive leaves out are not counted.
    /// </summary>
    public int BlobCount { get; internal set; }

    /// <summary>Bytes that were hashed for this image. Blobs that several images share are read once and counted for each.</summary>
    public long Size { get; internal set; }

    /// <summary>The blobs that are not right.</summary>
    public IReadOnlyList<CtrBlobFault> Faults { get; internal set => field = CtrList.Of(value); } = CtrList<CtrBlobFault>.Empty;

    /// <summary>Name (else digest) and status.</summary>
    public override string ToString() => $"{Name ?? Digest}: {Status}";
}
