namespace CtrPS;

/// <summary>Looks after images that are there: checks them, mends them, copies them.</summary>
internal interface IImageCare
{
    /// <summary>Checks images, for each platform that is asked for. A broken image is a result, never an error.</summary>
    /// <param name="images">The images, of any namespaces of this daemon.</param>
    /// <param name="options">What to look at.</param>
    /// <param name="meter">Counts the bytes that are hashed.</param>
    /// <param name="cancellationToken">Ends the checking.</param>
    /// <returns>In the order of the images.</returns>
    IAsyncEnumerable<CtrImageCheck> TestAsync(
        IReadOnlyList<CtrImage> images, CtrTestOptions options, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Opens the places that blobs are taken from, to repair images out of them.</summary>
    /// <exception cref="CtrException">An archive cannot be read (<c>CtrArchive...</c>).</exception>
    Task<ICtrRepair> OpenRepairAsync(CtrRepairOptions options, CancellationToken cancellationToken);

    /// <summary>Copies an image to another namespace, of this daemon or another one. Only what is not there is brought.</summary>
    /// <param name="image">The image.</param>
    /// <param name="options">Where to, and what of it.</param>
    /// <param name="meter">Counts the bytes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageExists"/>, <see cref="CtrErrorIds.BlobMissing"/>, <see cref="CtrErrorIds.BlobCorrupt"/>, <see
    /// cref="CtrErrorIds.PlatformNotFound"/>, <see cref="CtrErrorIds.InvalidArgument"/> where source and destination are the same.
    /// </exception>
    Task<CtrCopyOutcome> CopyAsync(CtrImage image, CtrCopyOptions options, CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>Repairs images of one daemon out of the same places, which it closes when it is disposed.</summary>
internal interface ICtrRepair : IAsyncDisposable
{
    /// <summary>
    /// Finds what is missing or corrupt in an image by reading all of it, and brings just that. Nothing that is there is thrown away before the
    /// bytes to put in its place are proven and in the daemon. A blob that is corrupt is mended in all namespaces of the daemon: it has the bytes
    /// once for all.
    /// </summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.InvalidArgument"/> for an image to be mended out of itself.
    /// </exception>
    Task<CtrRepairResult> RepairAsync(CtrImage image, CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>What to look at when images are checked.</summary>
internal sealed record CtrTestOptions
{
    /// <summary>The platforms, each exactly so. Empty: the one that the daemon runs.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>The snapshotter to look into. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Read and hash all bytes that are here.</summary>
    public bool Deep { get; init; }

    /// <summary>Blobs read at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}

/// <summary>Where a repair takes blobs from: an archive of this machine, or a namespace of a daemon.</summary>
internal sealed record CtrRepairOrigin
{
    private CtrRepairOrigin(string? path, ICtrConnection? connection, string? @namespace) =>
        (Path, Connection, Namespace) = (path, connection, @namespace);

    /// <summary>The archive's file or folder. Null: a namespace.</summary>
    public string? Path { get; }

    /// <summary>The daemon. Null: an archive.</summary>
    public ICtrConnection? Connection { get; }

    /// <summary>The namespace. Null: an archive.</summary>
    public string? Namespace { get; }

    /// <summary>An archive.</summary>
    public static CtrRepairOrigin Archive(string path) => new(path, null, null);

    /// <summary>A namespace of a daemon.</summary>
    public static CtrRepairOrigin Daemon(ICtrConnection connection, string @namespace) => new(null, connection, @namespace);
}

/// <summary>How to repair an image.</summary>
internal sealed record CtrRepairOptions
{
    /// <summary>Where blobs come from; the first that has a blob sound gives it.</summary>
    public required IReadOnlyList<CtrRepairOrigin> From { get; init; }

    /// <summary>The platforms that are to be whole afterwards, each exactly so. Empty: the one that the daemon runs.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Everything that the image names is to be whole afterwards.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Blobs read or written at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}

/// <summary>How to copy an image.</summary>
internal sealed record CtrCopyOptions
{
    /// <summary>The daemon to copy to: this one or another.</summary>
    public required ICtrConnection Destination { get; init; }

    /// <summary>The namespace to copy to.</summary>
    public required string Namespace { get; init; }

    /// <summary>The full name there. Null: the same.</summary>
    public string? Name { get; init; }

    /// <summary>Further records to make there, which point to the same: the aliases of the image.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Which platforms to copy.</summary>
    public CtrPlatformScope Scope { get; init; }

    /// <summary>The platforms, for <see cref="CtrPlatformScope.Listed"/>.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Move the name where it points to another image.</summary>
    public bool Replace { get; init; }

    /// <summary>Unpack it there, for the platform that the daemon runs or for the listed ones.</summary>
    public bool Unpack { get; init; }

    /// <summary>The snapshotter. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Blobs brought at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}

/// <summary>What a copy did.</summary>
/// <param name="Image">The image at its destination, without size and platforms.</param>
/// <param name="BlobsWritten">Blobs whose bytes were brought.</param>
/// <param name="BlobsLinked">Blobs that the daemon had in another namespace: no bytes were moved.</param>
/// <param name="BlobsPresent">Blobs that were in the namespace already.</param>
/// <param name="BytesWritten">Bytes that were brought.</param>
/// <param name="Notes">What is left out, in sentences.</param>
internal sealed record CtrCopyOutcome(
    CtrImage Image, int BlobsWritten, int BlobsLinked, int BlobsPresent, long BytesWritten, IReadOnlyList<string> Notes);
