namespace CtrPS;

/// <summary>The outcome of reading and re-hashing all of one image in an archive.</summary>
public sealed record CtrArchiveCheck
{
    /// <summary>Full path of the archive: a file, or the folder of a layout.</summary>
    public required string Path { get; init; }

    /// <summary>The image's name. Null for an image without one.</summary>
    public string? Name { get; init; }

    /// <summary>Digest of the image's manifest or index.</summary>
    public required string Digest { get; init; }

    /// <summary>The worst that was found among its blobs.</summary>
    public required CtrBlobStatus Status { get; init; }

    /// <summary>
    /// How many blobs the image is made of, absent ones among them; those of platforms that the archive leaves out are not counted.
    /// </summary>
    public required int BlobCount { get; init; }

    /// <summary>Bytes that were hashed for this image. Blobs that several images share are read once and counted for each.</summary>
    public required long Size { get; init; }

    /// <summary>The blobs that are not right.</summary>
    public IReadOnlyList<CtrBlobFault> Faults { get; init; } = [];

    /// <summary>Name (else digest) and status.</summary>
    public override string ToString() => $"{Name ?? Digest}: {Status}";
}
