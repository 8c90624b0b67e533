namespace CtrPS;

/// <summary>What refers to what in a containerd, what that takes on its disk, and what nobody needs.</summary>
internal interface IStorageInspector
{
    /// <summary>What keeps something, or what it keeps, as a tree: each row after the one that it hangs on.</summary>
    /// <returns>Empty where there is no such thing in these namespaces.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AmbiguousReference"/>: digits of several digests.</exception>
    Task<IReadOnlyList<CtrReference>> TraceAsync(CtrReferenceQuery query, CancellationToken cancellationToken);

    /// <summary>What the owners in some namespaces take. Whether bytes are shared is told over all namespaces.</summary>
    /// <param name="isWanted">Which namespaces.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    Task<CtrDiskUsageReport> MeasureAsync(Func<string, bool> isWanted, CancellationToken cancellationToken);

    /// <summary>Blobs that several images of some namespaces have, the one first that saves the most.</summary>
    Task<IReadOnlyList<CtrSharedBlob>> FindSharedAsync(Func<string, bool> isWanted, CancellationToken cancellationToken);

    /// <summary>What nobody needs, or lacks what it needs, in some namespaces.</summary>
    /// <param name="isWanted">Which namespaces; the empty name is that of files which no namespace knows.</param>
    /// <param name="idle">How long a write has to stand still, and how old a file has to be that no namespace knows.</param>
    /// <param name="deep">
    /// Read the layers of what is unpacked, and tell which snapshots show what their layer deletes. On the daemon's machine alone.
    /// </param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotLocal"/>: <paramref name="deep"/>, from another machine.</exception>
    Task<FoundOrphans> FindOrphansAsync(
        Func<string, bool> isWanted, TimeSpan idle, bool deep, CancellationToken cancellationToken);

    /// <summary>How much a namespace has.</summary>
    Task<NamespaceContent> CountAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>Removes all that a namespace has, and leaves it.</summary>
    Task ClearAsync(string @namespace, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Removes an orphan. Whether it still is one is for the caller to have asked just now.</summary>
    Task RemoveAsync(CtrOrphan orphan, CancellationToken cancellationToken);
}
