namespace CtrPS;

/// <summary>The task of a container: its running (or ended) first process.</summary>
public sealed record CtrTask : CtrObject
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>Running, stopped, ...</summary>
    public required CtrTaskState State { get; init; }

    /// <summary>Id of the first process on the daemon's machine. 0 where it has ended and the daemon does not say.</summary>
    public required long ProcessId { get; init; }

    /// <summary>How it ended: 0 to 255, 128 and the signal's number where a signal ended it. Null while it has not.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When it ended. Null while it has not.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>The pipe that is its standard input, on the daemon's machine. Empty: none.</summary>
    public string StandardInput { get; init; } = "";

    /// <summary>The pipe or log URI that its standard output goes to. Empty: none.</summary>
    public string StandardOutput { get; init; } = "";

    /// <summary>The pipe or log URI that its standard error goes to. Empty: none, or with a terminal.</summary>
    public string StandardError { get; init; } = "";

    /// <summary>The interfaces and addresses that starting it with a network gave it. Null where that was not asked for.</summary>
    public CtrNetwork? Network { get; init; }

    /// <summary>The container's id.</summary>
    public override string ToString() => Id;
}
