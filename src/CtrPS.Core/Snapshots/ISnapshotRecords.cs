namespace CtrPS;

/// <summary>The snapshots of containerd, for who looks after them.</summary>
internal interface ISnapshotRecords
{
    /// <summary>The snapshotters that work in the daemon.</summary>
    Task<IReadOnlyList<string>> ListSnapshottersAsync(CancellationToken cancellationToken);

    /// <summary>The snapshotter to make a snapshot with: the given one, else the namespace's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/> where it does not work in the daemon.</exception>
    Task<string> ChooseSnapshotterAsync(string @namespace, string? given, CancellationToken cancellationToken);

    /// <summary>The snapshots of a namespace with a snapshotter, by key.</summary>
    Task<IReadOnlyList<CtrSnapshot>> ListAsync(string @namespace, string snapshotter, CancellationToken cancellationToken);

    /// <summary>A snapshot. Null where there is none.</summary>
    Task<CtrSnapshot?> FindAsync(string @namespace, string snapshotter, string key, CancellationToken cancellationToken);

    /// <summary>What a snapshot takes on the disk. Null where it is gone.</summary>
    Task<(long Size, long Inodes)?> MeasureAsync(CtrSnapshot snapshot, CancellationToken cancellationToken);

    /// <summary>Makes a snapshot.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.SnapshotExists"/>; <see cref="CtrErrorIds.SnapshotNotFound"/> for the parent; <see cref="CtrErrorIds.LeaseNotFound"/>.
    /// </exception>
    Task<CtrSnapshot> CreateAsync(CtrSnapshotRequest request, CancellationToken cancellationToken);

    /// <summary>Freezes a snapshot under a name.</summary>
    /// <param name="snapshot">An active one.</param>
    /// <param name="request">The name as its key, and how it is kept.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.SnapshotExists"/>; <see cref="CtrErrorIds.FailedPrecondition"/>.</exception>
    Task<CtrSnapshot> CommitAsync(CtrSnapshot snapshot, CtrSnapshotRequest request, CancellationToken cancellationToken);

    /// <summary>The mounts by which the file system of a snapshot is seen.</summary>
    /// <param name="snapshot">An active one or a view.</param>
    /// <param name="target">The folder in the lines for the shell.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.FailedPrecondition"/> for a committed one.</exception>
    Task<IReadOnlyList<CtrSnapshotMount>> ListMountsAsync(CtrSnapshot snapshot, string target, CancellationToken cancellationToken);

    /// <summary>Packs what a snapshot has and the one below it has not into a layer.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="mediaType">What the layer is to be.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>The layer. With its end it is gone, unless it was told to be kept.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/> for a media type that the daemon does not make.</exception>
    Task<ICtrSnapshotDiff> CompareAsync(CtrSnapshot snapshot, string mediaType, CancellationToken cancellationToken);

    /// <summary>Looks whether a snapshot could be mounted in a folder. Changes nothing.</summary>
    /// <returns>The folder's path without links, and whether there are files in it that would be hidden.</returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.RootRequired"/>; <see cref="CtrErrorIds.InvalidPath"/>.
    /// </exception>
    Task<(string Path, bool HidesFiles)> CheckTargetAsync(string target, CancellationToken cancellationToken);

    /// <summary>
    /// Mounts a snapshot. The mount stays when this process ends, and a lease with the folder's name keeps the snapshot until it is dismounted.
    /// </summary>
    /// <param name="snapshot">An active one or a view.</param>
    /// <param name="target">From <see cref="CheckTargetAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.MountExists"/>: the folder has one, or the snapshot is written through another mount; <see
    /// cref="CtrErrorIds.MountFailed"/>; <see cref="CtrErrorIds.NotSupported"/> for the snapshotter.
    /// </exception>
    Task<IReadOnlyList<CtrSnapshotMount>> MountAsync(CtrSnapshot snapshot, string target, CancellationToken cancellationToken);

    /// <summary>The folders in which a snapshot was mounted by <see cref="MountAsync"/>.</summary>
    Task<IReadOnlyList<string>> ListTargetsAsync(CtrSnapshot snapshot, CancellationToken cancellationToken);

    /// <summary>Ends a mount, with its lease.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="target">One of <see cref="ListTargetsAsync"/>.</param>
    /// <param name="force">Take it out of the tree also where somebody uses it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.RootRequired"/>; <see cref="CtrErrorIds.MountBusy"/>; <see
    /// cref="CtrErrorIds.MountFailed"/>.
    /// </exception>
    Task DismountAsync(CtrSnapshot snapshot, string target, bool force, CancellationToken cancellationToken);

    /// <summary>Changes labels.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.SnapshotNotFound"/>.</exception>
    Task SetLabelsAsync(CtrSnapshot snapshot, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken);

    /// <summary>Removes a snapshot that none is made on.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.SnapshotInUse"/>: some are made on it.</exception>
    Task RemoveAsync(CtrSnapshot snapshot, CancellationToken cancellationToken);
}

/// <summary>A snapshot that is to be.</summary>
internal sealed record CtrSnapshotRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The snapshotter.</summary>
    public required string Snapshotter { get; init; }

    /// <summary>Its key.</summary>
    public required string Key { get; init; }

    /// <summary>The committed snapshot that it is made on. Empty: none.</summary>
    public string Parent { get; init; } = "";

    /// <summary>Whether it can be read only.</summary>
    public bool IsView { get; init; }

    /// <summary>The lease that is to keep it. Null: none.</summary>
    public string? Lease { get; init; }

    /// <summary>Labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
}

/// <summary>What a snapshot has and the one below it has not, as a layer.</summary>
internal interface ICtrSnapshotDiff : IAsyncDisposable
{
    /// <summary>The digest.</summary>
    string Digest { get; }

    /// <summary>The namespace.</summary>
    string Namespace { get; }

    /// <summary>Bytes.</summary>
    long Size { get; }

    /// <summary>Writes its bytes, proved.</summary>
    Task WriteAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Keeps it as a blob of the namespace.</summary>
    /// <param name="labels">Labels that it gets.</param>
    /// <param name="keeper">The lease that is to keep it. Null: none.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseNotFound"/>.</exception>
    Task KeepAsync(IReadOnlyDictionary<string, string> labels, string? keeper, CancellationToken cancellationToken);
}
