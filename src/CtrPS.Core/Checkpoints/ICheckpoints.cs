namespace CtrPS;

/// <summary>
/// Checkpoints of tasks and containers, and containers made from them. What keeps the state of processes needs criu on the daemon's machine.
/// </summary>
internal interface ICheckpoints
{
    /// <summary>Keeps the state of a task: as an image, or as criu's own files on the daemon's machine.</summary>
    /// <returns>The image. Null where the files stay in a folder.</returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskNotFound"/>; <see cref="CtrErrorIds.TaskState"/>; <see cref="CtrErrorIds.RuntimeNotFound"/> without criu;
    /// <see cref="CtrErrorIds.RuntimeFailed"/> where criu fails. The task goes on as before.
    /// </exception>
    Task<CtrImage?> CheckpointTaskAsync(CtrTaskCheckpointRequest request, CancellationToken cancellationToken);

    /// <summary>Keeps a container as an image. Its task, if it has one, is frozen meanwhile.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.ImageExists"/>; those of <see cref="CheckpointTaskAsync"/>.
    /// </exception>
    Task<CtrImage> CheckpointContainerAsync(CtrContainerCheckpointRequest request, CancellationToken cancellationToken);

    /// <summary>Makes a container from a checkpoint and starts its task.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageNotFound"/>; <see cref="CtrErrorIds.InvalidCheckpoint"/>;
    /// <see cref="CtrErrorIds.ContainerExists"/>; <see cref="CtrErrorIds.SnapshotExists"/>; <see cref="CtrErrorIds.RuntimeNotFound"/>;
    /// <see cref="CtrErrorIds.RuntimeFailed"/>. Nothing is left of the try.
    /// </exception>
    Task<CtrContainer> RestoreAsync(CtrRestoreRequest request, CancellationToken cancellationToken);
}

/// <summary>A task to keep the state of.</summary>
internal sealed record CtrTaskCheckpointRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>A folder on the daemon's machine for criu's files: then no image is made. Null: an image.</summary>
    public string? ImagePath { get; init; }

    /// <summary>A folder on the daemon's machine for criu's log and temporary files. Null: the task's own.</summary>
    public string? WorkPath { get; init; }

    /// <summary>End the task when its state is kept.</summary>
    public bool Exit { get; init; }
}

/// <summary>A container to keep.</summary>
internal sealed record CtrContainerCheckpointRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the image to make.</summary>
    public required string Reference { get; init; }

    /// <summary>Keep what the container has changed in its file system.</summary>
    public bool WritableLayer { get; init; }

    /// <summary>Keep the image that the container was made from.</summary>
    public bool Image { get; init; }

    /// <summary>Keep the state of its processes.</summary>
    public bool Task { get; init; }
}

/// <summary>A container to make from a checkpoint.</summary>
internal sealed record CtrRestoreRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Id of the container to make.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the checkpoint's image, in the same namespace.</summary>
    public required string Reference { get; init; }

    /// <summary>Bring back what the container had changed in its file system.</summary>
    public bool WritableLayer { get; init; }

    /// <summary>Let its processes go on where they were, instead of starting anew.</summary>
    public bool Live { get; init; }

    /// <summary>Do not start a task.</summary>
    public bool NoStart { get; init; }
}
