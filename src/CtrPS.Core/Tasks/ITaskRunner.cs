namespace CtrPS;

/// <summary>Starts processes in containers and holds the pipes to them. On the daemon's own machine only, but for processes without pipes.</summary>
internal interface ITaskRunner
{
    /// <summary>Makes the task of a container, with its network where that is asked for; <see cref="ICtrProcess.StartAsync"/> lets it run.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.TaskExists"/>; <see cref="CtrErrorIds.NotLocal"/>;
    /// <see cref="CtrErrorIds.RuntimeFailed"/>; <see cref="CtrErrorIds.NetworkFailed"/>. Nothing is left of the try.
    /// </exception>
    Task<ICtrProcess> CreateAsync(CtrTaskRequest request, CancellationToken cancellationToken);

    /// <summary>Adds a process to a running task; <see cref="ICtrProcess.StartAsync"/> lets it run.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskNotFound"/>; <see cref="CtrErrorIds.TaskState"/>; <see cref="CtrErrorIds.NotLocal"/>;
    /// <see cref="CtrErrorIds.UserNotFound"/>.
    /// </exception>
    Task<ICtrProcess> ExecAsync(CtrExecRequest request, CancellationToken cancellationToken);

    /// <summary>Opens the pipes of a running task again. Two readers share the bytes between them.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskNotFound"/>; <see cref="CtrErrorIds.TaskState"/>; <see cref="CtrErrorIds.NotLocal"/>;
    /// <see cref="CtrErrorIds.FailedPrecondition"/> where it has no pipes.
    /// </exception>
    Task<ICtrProcess> AttachAsync(string @namespace, string id, CancellationToken cancellationToken);
}

/// <summary>Where the standard streams of a process lead.</summary>
internal enum CtrIo
{
    /// <summary>To nowhere.</summary>
    Null,

    /// <summary>To pipes that <see cref="ICtrProcess"/> reads and writes.</summary>
    Pipes,

    /// <summary>To a log: <see cref="CtrProcessIo.LogUri"/>.</summary>
    Log,
}

/// <summary>The standard streams of a process.</summary>
internal sealed record CtrProcessIo
{
    /// <summary>Nowhere.</summary>
    public static readonly CtrProcessIo None = new();

    /// <summary>Where they lead.</summary>
    public CtrIo Kind { get; init; }

    /// <summary>With pipes: whether there is a standard input.</summary>
    public bool Input { get; init; }

    /// <summary>Whether the process has a terminal: then all output comes as standard output.</summary>
    public bool Terminal { get; init; }

    /// <summary>
    /// Of a process that is added, with a terminal: its size from the first moment on. Null: none, until <see cref="ICtrProcess.ResizeAsync"/>.
    /// </summary>
    public (int Columns, int Rows)? Size { get; init; }

    /// <summary>With a log: <c>file:///path</c> or <c>binary:///program?key=value</c>, on the daemon's machine.</summary>
    public string LogUri { get; init; } = "";
}

/// <summary>A task to make.</summary>
internal sealed record CtrTaskRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>Its standard streams. Their terminal is the spec's, whatever is said here.</summary>
    public CtrProcessIo Io { get; init; } = CtrProcessIo.None;

    /// <summary>Run the CNI plugins before the start.</summary>
    public bool Network { get; init; }

    /// <summary>With a network: where its plugins and its configuration are.</summary>
    public CtrCniOptions Cni { get; init; } = CtrCniOptions.Standard;

    /// <summary>Do not use pivot_root(2).</summary>
    public bool NoPivot { get; init; }

    /// <summary>The folder to make the pipes in. Null: <c>/run/containerd/fifo</c>.</summary>
    public string? PipeFolder { get; init; }

    /// <summary>Restore from this checkpoint: digest, media type and size of its blob. Null: a new process.</summary>
    public (string Digest, string MediaType, long Size)? Checkpoint { get; init; }
}

/// <summary>A process to add to a task.</summary>
internal sealed record CtrExecRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Its standard streams.</summary>
    public CtrProcessIo Io { get; init; } = CtrProcessIo.None;

    /// <summary>Id of the process in the container. Null: a new unique one.</summary>
    public string? ExecId { get; init; }

    /// <summary>User, as in <c>name</c>, <c>uid</c>, <c>user:group</c>. Null: the container's.</summary>
    public string? User { get; init; }

    /// <summary>Working directory. Null: the container's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables to add, <c>NAME=value</c>; <c>NAME</c> alone removes one.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The folder to make the pipes in. Null: <c>/run/containerd/fifo</c>.</summary>
    public string? PipeFolder { get; init; }
}

/// <summary>A process of a container, with its pipes. Disposing closes and removes the pipes; it does not end the process.</summary>
internal interface ICtrProcess : IAsyncDisposable
{
    /// <summary>The container.</summary>
    string ContainerId { get; }

    /// <summary>Id of a process that was added. Empty: the first process.</summary>
    string ExecId { get; }

    /// <summary>Process id on the daemon's machine. 0 before the start of a process that was added.</summary>
    long ProcessId { get; }

    /// <summary>What the CNI plugins gave. Null where they were not run.</summary>
    CtrNetwork? Network { get; }

    /// <summary>Whether disposing leaves the pipes where they are, for who connects later; they go with the process then.</summary>
    bool KeepPipes { get; set; }

    /// <summary>Lets the process run.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.CommandNotFound"/>, <see cref="CtrErrorIds.RuntimeFailed"/>. The task or process is removed again, with its network.
    /// </exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// What the process writes, as it comes, until it has ended and all is read. What children that outlive it go on writing is read for a short
    /// time only. One reader at a time. Without pipes it ends at once.
    /// </summary>
    IAsyncEnumerable<CtrOutput> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Writes to its standard input. A process that has closed it or ended gets nothing, which is no error.</summary>
    /// <returns>Whether it was taken.</returns>
    Task<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Ends its standard input: it reads end of file.</summary>
    Task CloseInputAsync(CancellationToken cancellationToken);

    /// <summary>Tells the terminal's size in characters.</summary>
    Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken);

    /// <summary>Sends a signal to the process.</summary>
    Task KillAsync(int signal, CancellationToken cancellationToken);

    /// <summary>Waits for its end.</summary>
    Task<CtrExit> WaitAsync(CancellationToken cancellationToken);

    /// <summary>Removes the task or process, which must have ended.</summary>
    Task<CtrExit> DeleteAsync(CancellationToken cancellationToken);
}

/// <summary>A piece of what a process wrote.</summary>
/// <param name="IsError">Whether to its standard error.</param>
/// <param name="Bytes">The bytes; the next piece may overwrite them.</param>
internal readonly record struct CtrOutput(bool IsError, ReadOnlyMemory<byte> Bytes);
