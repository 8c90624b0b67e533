namespace CtrPS;

/// <summary>Reads the files of images out of their layers, over any connection, without a mount and without root.</summary>
internal interface IImageFiles
{
    /// <summary>Opens the file system that an image has for a platform. No layer is read yet.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">The platform, exactly so. Null: the one that the daemon runs, else the first that is here.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>; <see
    /// cref="CtrErrorIds.InvalidArgument"/> for an artifact.
    /// </exception>
    Task<ICtrImageRoot> OpenAsync(CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken);
}

/// <summary>
/// The file system of an image for one platform: its layers one over the other, as a container sees them. Paths are those of the image; links in them
/// are followed within it. Safe for concurrent use. Besides what each member names, all throw <see cref="CtrErrorIds.BlobMissing"/> and <see
/// cref="CtrErrorIds.BlobCorrupt"/> for layers, <see cref="CtrErrorIds.ImageTooLarge"/> for those beyond a limit, and <see
/// cref="CtrErrorIds.NotSupported"/> for encrypted ones.
/// </summary>
internal interface ICtrImageRoot
{
    /// <summary>What stands at a path. Reads layers from the top down until it is found.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a symbolic link stands for what it points to.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Null where there is nothing.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: it leads over too many links.</exception>
    Task<CtrImageFile?> FindAsync(string path, bool follow, CancellationToken cancellationToken);

    /// <summary>What a layer has at a path, whether or not a container sees it.</summary>
    /// <returns>Null where it has nothing there.</returns>
    Task<CtrImageFile?> FindInLayerAsync(string layer, string path, CancellationToken cancellationToken);

    /// <summary>What is in a folder, in the order of names. Reads all layers.</summary>
    /// <param name="folder">The path of a folder, without links in it.</param>
    /// <param name="hidden">Also what later layers took away or replaced.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task<IReadOnlyList<CtrImageFile>> ListAsync(string folder, bool hidden, CancellationToken cancellationToken);

    /// <summary>Opens the content of a file for one reading.</summary>
    /// <param name="file">A file that this file system gave.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    Task<Stream> OpenAsync(CtrImageFile file, CancellationToken cancellationToken);

    /// <summary>Reads the content of many files: in the order in which they lie in the layers, so that each byte is unpacked once.</summary>
    /// <param name="files">Files that this file system gave.</param>
    /// <param name="take">Takes the content of one. The stream is valid until it returns.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task ReadAsync(IEnumerable<CtrImageFile> files, Func<CtrImageFile, Stream, Task> take, CancellationToken cancellationToken);

    /// <summary>
    /// Writes files, and folders with all in them, below a folder of this machine: never through a link there, and each file under its name once it
    /// is whole. Linux only.
    /// </summary>
    /// <param name="files">Files that this file system gave, each with the name that it is to have. An empty one: what is in that folder.</param>
    /// <param name="options">Where to and how.</param>
    /// <param name="meter">Hears what is done.</param>
    /// <param name="cancellationToken">Ends the work. What is written stays.</param>
    /// <returns>What could not be written, or was left out.</returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidPath"/>: the folder cannot be opened; <see cref="CtrErrorIds.DiskFull"/>; <see
    /// cref="CtrErrorIds.NotSupported"/> on other systems.
    /// </exception>
    Task<IReadOnlyList<CtrCopyNote>> CopyAsync(
        IReadOnlyList<(CtrImageFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken);
}

/// <summary>Where files of an image or a container are written to, and how.</summary>
/// <param name="Folder">The full path of a folder that is there.</param>
/// <param name="Replace">Whether files that are there are replaced.</param>
/// <param name="PreserveOwner">Whether files are of the users and groups that they are of where they come from.</param>
/// <param name="Owner">Else whose they are to be. Null: ours.</param>
internal sealed record CtrFileCopyOptions(string Folder, bool Replace, bool PreserveOwner, (uint User, uint Group)? Owner = null);

/// <summary>Something about a file that was to be written.</summary>
/// <param name="File">The file.</param>
/// <param name="Fault">Why it was not written. Null: it is of a kind that is left out.</param>
internal sealed record CtrCopyNote(ICtrCopiedFile File, CtrException? Fault);
