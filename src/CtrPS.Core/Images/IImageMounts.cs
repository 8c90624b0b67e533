namespace CtrPS;

/// <summary>Images as file systems: their layers unpacked, and mounted in folders of the daemon's machine.</summary>
internal interface IImageMounts
{
    /// <summary>The platforms of an image that are here.</summary>
    Task<IReadOnlyList<CtrPlatform>> ListPlatformsAsync(CtrImage image, CancellationToken cancellationToken);

    /// <summary>Unpacks the layers that are not yet.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">The platform. Null: the daemon's.</param>
    /// <param name="snapshotter">Where to. Null: the namespace's.</param>
    /// <param name="meter">Shown what goes on.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>; <see
    /// cref="CtrErrorIds.NotSupported"/> for the snapshotter; <see cref="CtrErrorIds.InvalidArgument"/> for an artifact.
    /// </exception>
    Task<CtrExpandedImage> ExpandAsync(
        CtrImage image, CtrPlatform? platform, string? snapshotter, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Looks whether anything could be mounted in a folder. Changes nothing.</summary>
    /// <param name="target">The folder.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>Its path without links, and whether there are files in it that would be hidden.</returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.RootRequired"/>; <see cref="CtrErrorIds.InvalidPath"/>.
    /// </exception>
    Task<(string Path, bool HidesFiles)> CheckTargetAsync(string target, CancellationToken cancellationToken);

    /// <summary>
    /// Mounts an image. The mount stays when this process ends, and no garbage collection takes its files. On any error nothing is left but unpacked
    /// layers, which belong to the image.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="options">Where to, and how.</param>
    /// <param name="meter">Shown what goes on.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">
    /// As <see cref="ExpandAsync"/> and <see cref="CheckTargetAsync"/>; <see cref="CtrErrorIds.MountExists"/>; <see cref="CtrErrorIds.MountFailed"/>.
    /// </exception>
    Task<CtrImageMount> MountAsync(CtrImage image, CtrImageMountOptions options, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>The images of a namespace that are mounted, by folder.</summary>
    Task<IReadOnlyList<CtrImageMount>> ListAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>Ends a mount, with its snapshot and its lease.</summary>
    /// <param name="mount">The mount.</param>
    /// <param name="force">Take it out of the tree also where somebody uses it; the kernel ends it when nobody does any more.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.RootRequired"/>; <see cref="CtrErrorIds.MountBusy"/>; <see
    /// cref="CtrErrorIds.MountFailed"/>.
    /// </exception>
    Task DismountAsync(CtrImageMount mount, bool force, CancellationToken cancellationToken);
}

/// <summary>How an image is to be mounted.</summary>
internal sealed record CtrImageMountOptions
{
    /// <summary>The folder.</summary>
    public required string Target { get; init; }

    /// <summary>The platform. Null: the daemon's.</summary>
    public CtrPlatform? Platform { get; init; }

    /// <summary>The snapshotter. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Let files be written, into a layer that goes with the mount.</summary>
    public bool Writable { get; init; }
}
