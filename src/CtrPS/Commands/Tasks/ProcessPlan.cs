namespace CtrPS.Commands;

/// <summary>What a process is to be, and what becomes of it.</summary>
internal sealed record ProcessPlan
{
    /// <summary>Gives the process; is told whether it is to have a standard input.</summary>
    public required Func<bool, CancellationToken, Task<ICtrProcess>> Open { get; init; }

    /// <summary>Its standard input. Null: none, but for the keys of a terminal.</summary>
    public ProcessInput? Input { get; init; }

    /// <summary>Whether it has a terminal, which takes a character for the end of input.</summary>
    public bool Terminal { get; init; }

    /// <summary>It talks with this terminal, until these keys are typed. Null: it talks with the pipeline.</summary>
    public DetachSequence? Keys { get; init; }

    /// <summary>Start it; else it runs already.</summary>
    public bool Start { get; init; } = true;

    /// <summary>When it has run for so long it is killed. Null: never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Kill it when the pipeline is stopped; else it goes on.</summary>
    public bool EndOnStop { get; init; } = true;

    /// <summary>End its input when there is no more; else it waits for who comes next.</summary>
    public bool EndInput { get; init; } = true;

    /// <summary>The signal that asks it to end. SIGKILL follows.</summary>
    public int StopSignal { get; init; } = CtrSignal.Term.Number;

    /// <summary>Remove it from the daemon when it has ended.</summary>
    public bool Remove { get; init; } = true;

    /// <summary>What follows when all is over, however it went. Null: nothing.</summary>
    public Func<ProcessStage, CancellationToken, Task>? After { get; init; }
}

/// <summary>How far a process came.</summary>
internal enum ProcessStage
{
    /// <summary>It could not be made or started.</summary>
    NotStarted,

    /// <summary>It ran when the pipeline was stopped, or when reading it failed.</summary>
    Stopped,

    /// <summary>It ended.</summary>
    Ended,

    /// <summary>It was left running.</summary>
    Left,
}

/// <summary>How a process ended.</summary>
/// <param name="ExecId">Id of a process that was added. Empty: the first process.</param>
/// <param name="ProcessId">Process id on the daemon's machine.</param>
/// <param name="ExitCode">Null: it goes on without us.</param>
/// <param name="Duration">From its start, or from when we came.</param>
/// <param name="TimedOut">Whether <see cref="ProcessPlan.Timeout"/> ended it.</param>
internal sealed record ProcessEnd(string ExecId, long ProcessId, int? ExitCode, TimeSpan Duration, bool TimedOut);
