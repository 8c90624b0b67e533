namespace CtrPS;

/// <summary>Ends tasks in order: with the signal that the container wants, then by force.</summary>
internal interface ITaskStopper
{
    /// <summary>
    /// Ends a task as docker stop does: the signal, a time to end by itself, then SIGKILL to all processes; returns when it has ended. A
    /// paused task gets the signal and goes on, so that it can act on it; one that was never started is killed. A container of the restart
    /// monitor is marked as stopped first. The task stays.
    /// </summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.TaskNotFound"/>;
    /// <see cref="CtrErrorIds.TaskTimeout"/> where not even SIGKILL ends it. None where it has ended already.
    /// </exception>
    Task<CtrStopResult> StopAsync(CtrStopRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a task: what has ended or was never started as it is; anything else is killed first, with all its processes, and the restart monitor
    /// is told to leave the container alone. A container without a task, and one whose task another client removes meanwhile, is no error.
    /// </summary>
    /// <returns>How it ended. Null where there was none.</returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskState"/> where it runs and is not to be killed; <see cref="CtrErrorIds.TaskTimeout"/>.
    /// </exception>
    Task<CtrExit?> RemoveAsync(string @namespace, string id, bool kill, CancellationToken cancellationToken);

    /// <summary>Waits for the end of a task. A daemon that restarts meanwhile is waited for.</summary>
    /// <returns>The task as it is after its end.</returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskNotFound"/>; <see cref="CtrErrorIds.RuntimeFailed"/> where the shim has ended first, so that nobody knows how the
    /// task did.
    /// </exception>
    Task<CtrTask> WaitAsync(string @namespace, string id, CancellationToken cancellationToken);
}

/// <summary>A task to end.</summary>
internal sealed record CtrStopRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>The signal. Null: the one that the container's image names, else SIGTERM.</summary>
    public CtrSignal? Signal { get; init; }

    /// <summary>How long it may take before it is killed. Null: as long as it takes.</summary>
    public TimeSpan? Timeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>How the end of a task came about.</summary>
/// <param name="Task">The task, which has ended. Its exit code is null where the shim had ended before it.</param>
/// <param name="Signal">The signal that was sent. Null: it had ended before.</param>
/// <param name="WasKilled">Whether the signal did not do in time, and SIGKILL was sent.</param>
internal sealed record CtrStopResult(CtrTask Task, CtrSignal? Signal, bool WasKilled)
{
    /// <summary>What is wrong with the signal that the container names, in words. Null: nothing.</summary>
    public string? Warning { get; init; }
}
