namespace CtrPS;

/// <summary>A command that was run in a container, and how it ended.</summary>
public sealed record CtrCommandResult : CtrObject
{
    /// <summary>The container.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Id of the process in the container.</summary>
    public required string ExecId { get; init; }

    /// <summary>Process id on the daemon's machine.</summary>
    public long ProcessId { get; init; }

    /// <summary>How it ended: 0 to 255, 128 and the signal's number where a signal ended it. Null: it was left running.</summary>
    public int? ExitCode { get; init; }

    /// <summary>What it wrote to its standard output, without the end of the last line.</summary>
    public string StdOut { get; init; } = "";

    /// <summary>What it wrote to its standard error, without the end of the last line. Empty with a terminal, and where it went elsewhere.</summary>
    public string StdErr { get; init; } = "";

    /// <summary>From its start to its end. Zero where it was left running.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Whether it was killed as it did not end in time.</summary>
    public bool TimedOut { get; init; }

    /// <summary>The command as one text.</summary>
    public override string ToString() => string.Join(' ', Command);
}
