namespace CtrPS;

/// <summary>The leases of containerd, for who looks after them; those that CtrPS itself works under are made elsewhere.</summary>
internal interface ILeaseRecords
{
    /// <summary>The leases of a namespace, by id.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="filters">containerd's own filters, one of which must fit. None: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<CtrLease>> ListAsync(string @namespace, IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Makes a lease.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">Its id. Null: the daemon makes one.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseExists"/>.</exception>
    Task<CtrLease> CreateAsync(string @namespace, string? id, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Ends a lease. What only it held goes with the next collection.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseNotFound"/>.</exception>
    Task DeleteAsync(CtrLease lease, CancellationToken cancellationToken);

    /// <summary>What a lease holds.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseNotFound"/>.</exception>
    Task<IReadOnlyList<CtrLeaseResource>> ListResourcesAsync(CtrLease lease, CancellationToken cancellationToken);

    /// <summary>Puts something that is there under a lease.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.LeaseNotFound"/>; what is not there, by its own id, and then the lease is as it was.
    /// </exception>
    Task<CtrLeaseResource> AddResourceAsync(CtrLease lease, string type, string key, CancellationToken cancellationToken);

    /// <summary>Takes something from a lease.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseNotFound"/>.</exception>
    Task RemoveResourceAsync(CtrLease lease, string type, string key, CancellationToken cancellationToken);
}
