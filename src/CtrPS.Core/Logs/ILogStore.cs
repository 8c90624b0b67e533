namespace CtrPS;

/// <summary>Knows where the logs of containers are.</summary>
internal interface ILogStore
{
    /// <summary>Finds the log of a container: CRI's, that of a task with a log file, or that of nerdctl.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContainerNotFound"/>; <see cref="CtrErrorIds.NotLocal"/>;
    /// <see cref="CtrErrorIds.LogNotFound"/>, with what its output goes to instead.
    /// </exception>
    Task<CtrLogSource> FindAsync(string @namespace, string id, CancellationToken cancellationToken);

    /// <summary>Waits until the container has no running task: then nothing more is written.</summary>
    Task WaitEndAsync(string @namespace, string id, CancellationToken cancellationToken);
}

/// <summary>Reads log files, without a containerd.</summary>
internal interface ILogFiles
{
    /// <summary>The lines, oldest first.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LogNotFound"/>; <see cref="CtrErrorIds.LogUnreadable"/>.</exception>
    IAsyncEnumerable<CtrLogLine> ReadAsync(CtrLogSource source, CtrLogRequest request, CancellationToken cancellationToken);
}

/// <summary>How a log is written.</summary>
internal enum CtrLogFormat
{
    /// <summary>To be seen from its first line.</summary>
    Any,

    /// <summary>What the process wrote, and nothing else.</summary>
    Plain,

    /// <summary>CRI's: <c>time stream P|F text</c>.</summary>
    Cri,

    /// <summary>docker's json-file, which nerdctl writes too.</summary>
    Json,
}

/// <summary>A log.</summary>
internal sealed record CtrLogSource
{
    /// <summary>The file that is written.</summary>
    public required string Path { get; init; }

    /// <summary>How it is written.</summary>
    public CtrLogFormat Format { get; init; }

    /// <summary>Whether older parts of it lie beside it: <c>path.20060102-150405</c>, <c>path.1</c>, the same with <c>.gz</c>.</summary>
    public bool IsRotated { get; init; }

    /// <summary>A line without text, for what all lines have in common.</summary>
    public required CtrLogLine Common { get; init; }
}

/// <summary>Which lines of a log.</summary>
internal sealed record CtrLogRequest
{
    /// <summary>Only the last lines. Null: all.</summary>
    public int? Tail { get; init; }

    /// <summary>Not before. Lines without a time are taken.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Not after. Lines without a time are taken.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only of this stream. Lines that do not say are taken. Null: both.</summary>
    public CtrLogStream? Stream { get; init; }

    /// <summary>Go on with what is written.</summary>
    public bool Follow { get; init; }

    /// <summary>With <see cref="Follow"/>: waits for the end of who writes. Null: without end.</summary>
    public Func<CancellationToken, Task>? Ended { get; init; }
}
