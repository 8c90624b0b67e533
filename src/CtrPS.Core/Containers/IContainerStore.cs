namespace CtrPS;

/// <summary>The container records of containerd, and the state of their tasks.</summary>
internal interface IContainerStore
{
    /// <summary>Lists containers by id. Two calls, whatever their number; one that goes in between is left out.</summary>
    IAsyncEnumerable<CtrContainer> ListAsync(CtrContainerQuery query, CancellationToken cancellationToken);

    /// <summary>One container. Null where it is not there.</summary>
    Task<CtrContainer?> FindAsync(string @namespace, string id, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a container: the image's layers are unpacked where they are not yet, a snapshot with the container's id is made on them, then the
    /// record. On any error nothing is left of it but the unpacked layers, which belong to the image.
    /// </summary>
    /// <param name="request">What to make.</param>
    /// <param name="meter">Shown what goes on. Null: nobody looks.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContainerExists"/>; <see cref="CtrErrorIds.SnapshotExists"/>; <see cref="CtrErrorIds.PlatformNotFound"/>;
    /// <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.UserNotFound"/>; <see cref="CtrErrorIds.InvalidSpec"/>;
    /// <see cref="CtrErrorIds.InvalidArgument"/>; <see cref="CtrErrorIds.NotSupported"/>; <see cref="CtrErrorIds.NotLocal"/> for devices.
    /// </exception>
    Task<CtrContainerOutcome> CreateAsync(CtrContainerRequest request, CtrTransferMeter? meter, CancellationToken cancellationToken);

    /// <summary>The spec that <see cref="CreateAsync"/> would give the container. Changes nothing.</summary>
    /// <exception cref="CtrException">As <see cref="CreateAsync"/>.</exception>
    Task<CtrSpec> DescribeAsync(CtrContainerRequest request, CancellationToken cancellationToken);

    /// <summary>Changes labels: a null or empty value removes the label. With <paramref name="replaceAll"/> all other labels go.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContainerNotFound"/>.</exception>
    Task<CtrContainer> SetLabelsAsync(
        string @namespace, string id, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken);

    /// <summary>Changes limits of a container's task, and then of its spec, so that its next task has them too.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.TaskNotFound"/>; <see cref="CtrErrorIds.TaskState"/>;
    /// <see cref="CtrErrorIds.NotSupported"/> where the spec is none of Linux; <see cref="CtrErrorIds.RuntimeFailed"/> where the kernel refuses.
    /// </exception>
    Task UpdateResourcesAsync(string @namespace, string id, CtrResources resources, CancellationToken cancellationToken);

    /// <summary>Deletes the record and, unless it is to be kept, the snapshot. The container must have no task.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.ContainerInUse"/>.</exception>
    Task DeleteAsync(string @namespace, string id, bool keepSnapshot, CancellationToken cancellationToken);
}

/// <summary>Which containers to list.</summary>
internal sealed record CtrContainerQuery
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>containerd's filters: one string's terms must all match, one of the strings must. Empty: all.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Which ids to take. Null: all.</summary>
    public Func<string, bool>? Match { get; init; }
}
