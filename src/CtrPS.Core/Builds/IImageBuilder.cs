namespace CtrPS;

/// <summary>Makes images: out of others, of files, and of containers.</summary>
internal interface IImageBuilder
{
    /// <summary>
    /// Writes an image in another form, under a name. The same image and options give the same digest, whenever and on whichever daemon.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="options">Which form.</param>
    /// <param name="meter">Counts the bytes of layers that are read.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left of it then.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageExists"/>; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>, also for a layer that
    /// does not unpack to what its config says; <see cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.InvalidArgument"/> for what the
    /// format cannot hold; <see cref="CtrErrorIds.CompressionUnavailable"/>; <see cref="CtrErrorIds.ImageTooLarge"/>.
    /// </exception>
    Task<CtrConversion> ConvertAsync(CtrImage image, CtrConvertOptions options, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Makes an image of one platform, under a name.</summary>
    /// <param name="request">Out of what, and how.</param>
    /// <param name="meter">Counts the bytes that are read.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left of it then.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageExists"/>; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>; <see
    /// cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.InvalidPath"/> for files that
    /// cannot be read; the <c>CtrArchive...</c> for what is no tar.
    /// </exception>
    Task<CtrBuild> BuildAsync(CtrBuildRequest request, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Looks which layers of an image are gone that can be made anew out of the snapshots that they were unpacked to.</summary>
    /// <param name="image">The image.</param>
    /// <param name="allowNewDiffIds">Take what a snapshot has also where it cannot be proven to be the layer.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>, <see cref="CtrErrorIds.BlobCorrupt"/>: the image's own manifest or index.
    /// </exception>
    Task<ICtrRebuild> PlanRebuildAsync(CtrImage image, bool allowNewDiffIds, CancellationToken cancellationToken);
}

/// <summary>Layers that can be made anew.</summary>
internal interface ICtrRebuild
{
    /// <summary>The image.</summary>
    CtrImage Image { get; }

    /// <summary>The layers, as faults of the image. Empty: none is gone whose snapshot is there.</summary>
    IReadOnlyList<CtrBlobFault> Layers { get; }

    /// <summary>What else is missing or damaged of what the daemon's machine needs of the image.</summary>
    IReadOnlyList<CtrBlobFault> Others { get; }

    /// <summary>Makes them, with manifests and indexes that name them. The image's name stays where it is.</summary>
    /// <param name="meter">Counts the bytes that are read.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left of it then.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.LayerUnproven"/>; <see cref="CtrErrorIds.NotSupported"/> for layers that are no tars.
    /// </exception>
    Task<ICtrRebuiltImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>An image with layers that were made anew. Its end lets them go, unless the image's name was moved to it.</summary>
internal interface ICtrRebuiltImage : IAsyncDisposable
{
    /// <summary>The image under its name, with the new digest; the record in the store still says the old one.</summary>
    CtrImage Image { get; }

    /// <summary>Bytes of the new layers.</summary>
    long BytesWritten { get; }

    /// <summary>What stays and what is new, in sentences.</summary>
    string Words { get; }

    /// <summary>Moves the image's name to it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageChanged"/>; <see cref="CtrErrorIds.FailedPrecondition"/>: the name says another
    /// digest.</exception>
    Task PutAsync(CancellationToken cancellationToken);
}

/// <summary>How to convert an image.</summary>
internal sealed record CtrConvertOptions
{
    /// <summary>The full name for the converted image. The image's own: it is moved.</summary>
    public required string Name { get; init; }

    /// <summary>The format. Null: as it is.</summary>
    public CtrImageFormat? Format { get; init; }

    /// <summary>The compression of layers: none, gzip or zstd. Null: as it is.</summary>
    public CtrCompression? Compression { get; init; }

    /// <summary>How hard to compress, by the compression's own numbers. Null: its default.</summary>
    public int? Level { get; init; }

    /// <summary>Merge the layers of each platform into one.</summary>
    public bool Squash { get; init; }

    /// <summary>Which platforms; the others are left out of the index.</summary>
    public CtrPlatformScope Scope { get; init; }

    /// <summary>The platforms, for <see cref="CtrPlatformScope.Listed"/>.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Move the name where it points to another image.</summary>
    public bool Replace { get; init; }

    /// <summary>Unpack it, for the platform that the daemon runs or for the listed ones.</summary>
    public bool Unpack { get; init; }

    /// <summary>The snapshotter. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Layers converted at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}

/// <summary>What a conversion gave.</summary>
/// <param name="Image">What it is now.</param>
/// <param name="Warnings">What is lost or does not fit any more, in sentences.</param>
/// <param name="Notes">What is left out as it is not here, in sentences.</param>
internal sealed record CtrConversion(CtrConvertedImage Image, IReadOnlyList<string> Warnings, IReadOnlyList<string> Notes);

/// <summary>What to make an image out of. One of the first three is given.</summary>
internal sealed record CtrBuildRequest
{
    /// <summary>The namespace of the new image.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its full name.</summary>
    public required string Name { get; init; }

    /// <summary>A root file system: a tar, compressed or not, or a folder of this machine.</summary>
    public string? Path { get; init; }

    /// <summary>An image of the same namespace that it is built on.</summary>
    public CtrImage? From { get; init; }

    /// <summary>A container whose changes become a layer.</summary>
    public string? Container { get; init; }

    /// <summary>Folders of this machine whose files become a layer each.</summary>
    public IReadOnlyList<string> AddPaths { get; init; } = [];

    /// <summary>Where in the image the files of <see cref="AddPaths"/> go: an absolute path.</summary>
    public string Target { get; init; } = "/";

    /// <summary>Pause the container's task while it is read.</summary>
    public bool Pause { get; init; }

    /// <summary>The platform. Null: the daemon's.</summary>
    public CtrPlatform? Platform { get; init; }

    /// <summary>The compression of new layers: none, gzip or zstd.</summary>
    public CtrCompression Compression { get; init; } = CtrCompression.Gzip;

    /// <summary>What changes in the config.</summary>
    public required CtrConfigChanges Changes { get; init; }

    /// <summary>Move the name where it points to another image.</summary>
    public bool Replace { get; init; }

    /// <summary>Unpack it.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>The snapshotter. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }
}

/// <summary>What changes in the config of an image. Null: it stays as it is.</summary>
internal sealed record CtrConfigChanges
{
    /// <summary>Variables to set; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Env { get; init; } = new Dictionary<string, string?>();

    /// <summary>Labels to set; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Labels { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// The program. Empty: none. Where it is given and <see cref="Cmd"/> is not, the image's arguments go, as they were for the old one.
    /// </summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>The arguments. Empty: none.</summary>
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Empty: none.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Empty: none.</summary>
    public string? User { get; init; }

    /// <summary>Empty: none.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Ports to add, <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>Volumes to add.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>A comment for the history.</summary>
    public string? Comment { get; init; }

    /// <summary>The command for the history.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>
    /// Files of new layers that were changed later are said to be of <see cref="Created"/>: then the same files give the same digest.
    /// </summary>
    public bool ClampTimes { get; init; }
}

/// <summary>A new image.</summary>
/// <param name="Image">The image, without size and platforms.</param>
/// <param name="Notes">What is left out, in sentences.</param>
internal sealed record CtrBuild(CtrImage Image, IReadOnlyList<string> Notes);
