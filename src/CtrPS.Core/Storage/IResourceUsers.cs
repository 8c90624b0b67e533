namespace CtrPS;

/// <summary>Who needs blobs and snapshots.</summary>
internal interface IResourceUsers
{
    /// <summary>
    /// What a blob is needed for in its namespace: images that lead to it, labels of snapshots and of containers, leases that hold it; where there
    /// is none of these, blobs that refer to it.
    /// </summary>
    /// <param name="content">The blob.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>One for each, those of images first. Empty: nobody needs it.</returns>
    Task<IReadOnlyList<CtrDependent>> FindOfContentAsync(CtrContent content, CancellationToken cancellationToken);

    /// <summary>
    /// What refers to snapshots of one snapshotter in a namespace: containers, unpacked images, leases, labels. Not those that are made on them.
    /// </summary>
    /// <returns>By key.</returns>
    Task<ILookup<string, CtrDependent>> FindOfSnapshotsAsync(string @namespace, string snapshotter, CancellationToken cancellationToken);
}
