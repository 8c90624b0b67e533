namespace CtrPS;

/// <summary>A command that was run in a container, and how it ended.</summary>
public sealed class CtrCommandResult : CtrObject
{
    internal CtrCommandResult()
    {
    }

    /// <summary>The container.</summary>
    public string ContainerId { get; internal set; } = null!;

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Command { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Id of the process in the container.</summary>
    public string ExecId { get; internal set; } = null!;

    /// <summary>Process id on the daemon's machine.</summary>
    public long ProcessId { get; internal set; }

    /// <summary>How it ended: 0 to 255, 128 and the signal's number where a signal ended it. Null: it was left running.</summary>
    public int? ExitCode { get; internal set; }

    /// <summary>What it wrote to its standard output, without the end of the last line.</summary>
    public string StdOut { get; internal set; } = "";

    /// <summary>What it wrote to its standard error, without the end of the last line. Empty with a terminal, and where it went elsewhere.</summary>
    public string StdErr { get; internal set; } = "";

    /// <summary>From its start to its end. Zero where it was left running.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>Whether it was killed as it did not end in time.</summary>
    public bool TimedOut { get; internal set; }

    /// <summary>The command as one text.</summary>
    public override string ToString() => string.Join(' ', Command);
}
