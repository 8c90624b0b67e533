namespace CtrPS;

/// <summary>Brings images out of archives into a namespace.</summary>
internal interface IImageImporter
{
    /// <summary>Reads an archive and finds out what importing it would do. Nothing is changed.</summary>
    /// <exception cref="CtrException">
    /// The archive cannot be read (<c>CtrArchive...</c>), or the request cannot be met (<see cref="CtrErrorIds.InvalidReference"/>, <see
    /// cref="CtrErrorIds.NotSupported"/>).
    /// </exception>
    Task<ICtrImportPlan> PlanAsync(CtrImportRequest request, CancellationToken cancellationToken);
}

/// <summary>What importing an archive would do.</summary>
internal interface ICtrImportPlan : IAsyncDisposable
{
    /// <summary>The full names that will be made or moved.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>
    /// What stands in the way: one error for each blob that is absent or corrupt and each platform that is not there. Empty: the import can go
    /// ahead.
    /// </summary>
    IReadOnlyList<CtrException> Faults { get; }

    /// <summary>What the user should know, in sentences.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>Blobs that will be written.</summary>
    int BlobsToWrite { get; }

    /// <summary>Bytes of those.</summary>
    long BytesToWrite { get; }

    /// <summary>Blobs that the namespace has already.</summary>
    int BlobsPresent { get; }

    /// <summary>Does it: all or nothing. On any failure no record, blob, snapshot or lease of it stays.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobCorrupt"/> for bytes in the archive that are not the blob's, and all that calls can end with.
    /// </exception>
    Task<CtrImportOutcome> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>What an import did.</summary>
/// <param name="Images">The images, with size and platforms, one for each name.</param>
/// <param name="BlobsWritten">Blobs whose bytes were written.</param>
/// <param name="Warnings">What the user should know, in sentences.</param>
internal sealed record CtrImportOutcome(IReadOnlyList<CtrImage> Images, int BlobsWritten, IReadOnlyList<string> Warnings);

/// <summary>What to import, and how.</summary>
internal sealed record CtrImportRequest
{
    /// <summary>A file or a folder of this machine.</summary>
    public required string Path { get; init; }

    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The name for the archive's only image. Null: the archive's names.</summary>
    public string? Name { get; init; }

    /// <summary>The repository for images of which the archive gives only a tag, or nothing. Null: <c>import-</c> and the day.</summary>
    public string? BaseName { get; init; }

    /// <summary>Make a record <c>repository@digest</c> for each image too.</summary>
    public bool DigestReference { get; init; }

    /// <summary>A name for the archive's index itself. Null: none.</summary>
    public string? IndexName { get; init; }

    /// <summary>The platforms that must be there and whole. Empty: the server's.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Import every platform that is whole.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Whatever an index names must be there and whole.</summary>
    public bool Strict { get; init; }

    /// <summary>Unpack into snapshots.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>The snapshotter. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Labels for the records.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Compress the layers of docker archives that are not (gzip). The image then has another digest.</summary>
    public bool CompressLayers { get; init; }

    /// <summary>Leave the layers to the garbage collector once they are unpacked.</summary>
    public bool DiscardUnpackedLayers { get; init; }

    /// <summary>Blobs written, and images unpacked, at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}
