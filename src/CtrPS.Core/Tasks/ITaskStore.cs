namespace CtrPS;

/// <summary>The tasks of containerd: what needs no pipe to them. An empty exec id means the task's first process.</summary>
internal interface ITaskStore
{
    /// <summary>All tasks of a namespace. One call.</summary>
    Task<IReadOnlyList<CtrTask>> ListAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The task of a container. Null where it has none.</summary>
    Task<CtrTask?> FindAsync(string @namespace, string id, CancellationToken cancellationToken);

    /// <summary>Sends a signal.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="execId">A process that was added; empty: the first one.</param>
    /// <param name="signal">The signal's number on the daemon's machine.</param>
    /// <param name="all">To all processes of the container.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskNotFound"/>, <see cref="CtrErrorIds.TaskState"/> where it has ended.</exception>
    Task KillAsync(string @namespace, string id, string execId, int signal, bool all, CancellationToken cancellationToken);

    /// <summary>Waits for the end of a process.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskNotFound"/>, <see cref="CtrErrorIds.ProcessNotFound"/>.</exception>
    Task<CtrExit> WaitAsync(string @namespace, string id, string execId, CancellationToken cancellationToken);

    /// <summary>Freezes all processes.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskNotFound"/>, <see cref="CtrErrorIds.TaskState"/>.</exception>
    Task PauseAsync(string @namespace, string id, CancellationToken cancellationToken);

    /// <summary>Lets frozen processes go on.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskNotFound"/>, <see cref="CtrErrorIds.TaskState"/>.</exception>
    Task ResumeAsync(string @namespace, string id, CancellationToken cancellationToken);

    /// <summary>Changes limits of a running task.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="resources">linux.resources of the OCI runtime spec, as JSON.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskNotFound"/>, <see cref="CtrErrorIds.TaskState"/>.</exception>
    Task UpdateAsync(string @namespace, string id, ReadOnlyMemory<byte> resources, CancellationToken cancellationToken);

    /// <summary>Removes a process that was added and has ended, or was never started.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskNotFound"/>, <see cref="CtrErrorIds.ProcessNotFound"/>, <see cref="CtrErrorIds.TaskState"/> while it runs.
    /// </exception>
    Task<CtrExit> DeleteProcessAsync(string @namespace, string id, string execId, CancellationToken cancellationToken);

    /// <summary>
    /// The processes of a task, by number. What the daemon does not tell is read from the kernel where the daemon runs on this machine. Empty where
    /// it has ended.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskNotFound"/>.</exception>
    Task<IReadOnlyList<CtrProcess>> ListProcessesAsync(string @namespace, string id, CancellationToken cancellationToken);

    /// <summary>Reads what tasks use, by id. One call. A task that cannot tell is left out, and one whose runtime counts in its own way.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container. Null: all of the namespace.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<CtrMetric>> ReadMetricsAsync(string @namespace, string? id, CancellationToken cancellationToken);
}
