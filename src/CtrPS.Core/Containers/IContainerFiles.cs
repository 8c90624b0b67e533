namespace CtrPS;

/// <summary>
/// The files of containers. What the daemon can tell by itself works from afar and without root; what needs the files themselves, on its machine and
/// for root.
/// </summary>
internal interface IContainerFiles
{
    /// <summary>In what a container differs from its image, by path. The daemon compares; nothing is left of it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.FailedPrecondition"/>: it has no snapshot.</exception>
    Task<IReadOnlyList<CtrContainerChange>> CompareAsync(CtrContainer container, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>
    /// Has the daemon pack the root file system of a container as it is now, without what is mounted into it. Disposing ends what is kept for it.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.FailedPrecondition"/>: it has no snapshot.</exception>
    Task<ICtrContainerTar> PackAsync(CtrContainer container, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>What a container has written, on the disk. Null where it has no snapshot.</summary>
    Task<long?> MeasureAsync(CtrContainer container, CancellationToken cancellationToken);

    /// <summary>
    /// Opens the file system of a container: as its first process sees it, with all that is mounted into it, or its snapshot where it has none. On
    /// the daemon's machine and for root. Of those who write into a snapshot, one after the other has it.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="toWrite">Whether anything is to be written there.</param>
    /// <param name="cancellationToken">Cancels the calls, and the waiting.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.RootRequired"/>; <see cref="CtrErrorIds.FailedPrecondition"/>: it has no snapshot;
    /// <see cref="CtrErrorIds.TaskState"/>: its process ended or began meanwhile; <see cref="CtrErrorIds.NotSupported"/>; <see
    /// cref="CtrErrorIds.MountFailed"/>.
    /// </exception>
    Task<ICtrContainerRoot> OpenAsync(CtrContainer container, bool toWrite, CancellationToken cancellationToken);
}

/// <summary>
/// The file system of a container. Paths in it begin at its root and links are followed within it, also while the container changes them. Disposing
/// closes what was found.
/// </summary>
internal interface ICtrContainerRoot : IDisposable
{
    /// <summary>What stands at a path of the container. Null: nothing.</summary>
    /// <param name="path">The path. One that ends with a slash, or a slash and a dot, means what a link points to.</param>
    /// <param name="follow">Whether a symbolic link stands for what it points to.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: it cannot be followed.</exception>
    ICtrCopiedFile? Find(string path, bool follow);

    /// <summary>The same of this machine.</summary>
    ICtrCopiedFile? FindLocal(string path, bool follow);

    /// <summary>A path of the container with the links at its end followed, whether or not there is something.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: it cannot be followed.</exception>
    string Resolve(string path);

    /// <summary>Writes files of the container below a folder of this machine.</summary>
    /// <param name="files">Files that <see cref="Find"/> gave, each with its name to be. An empty one: what is in that folder.</param>
    /// <param name="options">Where to and how.</param>
    /// <param name="meter">Hears what is done.</param>
    /// <param name="cancellationToken">Ends the work. What is written stays.</param>
    /// <returns>What could not be written, or was left out.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPath"/>; <see cref="CtrErrorIds.DiskFull"/>.</exception>
    Task<IReadOnlyList<CtrCopyNote>> CopyOutAsync(
        IReadOnlyList<(ICtrCopiedFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken);

    /// <summary>Writes files of this machine below a folder of the container, for its root where owners are not kept.</summary>
    /// <param name="files">Files that <see cref="FindLocal"/> gave, each with its name to be. An empty one: what is in that folder.</param>
    /// <param name="options">Where to and how.</param>
    /// <param name="meter">Hears what is done.</param>
    /// <param name="cancellationToken">Ends the work. What is written stays.</param>
    /// <returns>What could not be written, or was left out.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPath"/>; <see cref="CtrErrorIds.DiskFull"/>.</exception>
    Task<IReadOnlyList<CtrCopyNote>> CopyInAsync(
        IReadOnlyList<(ICtrCopiedFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken);
}

/// <summary>The root file system of a container as a tar, in the daemon's store.</summary>
internal interface ICtrContainerTar : IAsyncDisposable
{
    /// <summary>Bytes.</summary>
    long Size { get; }

    /// <summary>Their digest.</summary>
    string Digest { get; }

    /// <summary>Writes it out and proves what is written.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    Task WriteAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken);
}
