namespace CtrPS;

/// <summary>The task of a container: its running (or ended) first process.</summary>
public sealed class CtrTask : CtrObject
{
    internal CtrTask()
    {
    }

    /// <summary>The container's id.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>Running, stopped, ...</summary>
    public CtrTaskState State { get; internal set; }

    /// <summary>Id of the first process on the daemon's machine. 0 where it has ended and the daemon does not say.</summary>
    public long ProcessId { get; internal set; }

    /// <summary>How it ended: 0 to 255, 128 and the signal's number where a signal ended it. Null while it has not.</summary>
    public int? ExitCode { get; internal set; }

    /// <summary>When it ended. Null while it has not.</summary>
    public DateTimeOffset? ExitedAt { get; internal set; }

    /// <summary>Whether it has a terminal.</summary>
    public bool Terminal { get; internal set; }

    /// <summary>The pipe that is its standard input, on the daemon's machine. Empty: none.</summary>
    public string StandardInput { get; internal set; } = "";

    /// <summary>The pipe or log URI that its standard output goes to. Empty: none.</summary>
    public string StandardOutput { get; internal set; } = "";

    /// <summary>The pipe or log URI that its standard error goes to. Empty: none, or with a terminal.</summary>
    public string StandardError { get; internal set; } = "";

    /// <summary>The interfaces and addresses that starting it with a network gave it. Null where that was not asked for.</summary>
    public CtrNetwork? Network { get; internal set; }

    /// <summary>The record by the names of containerd's API (containerd.v1.types.Process), on one line. ctr has no JSON of a task.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record by the names of containerd's API (containerd.v1.types.Process). ctr has no JSON of a task.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(
        RecordJson.Filled(
            ("id", Id),
            ("pid", ProcessId),
            ("status", State.ToString().ToUpperInvariant()),
            ("stdin", RecordJson.OrNull(StandardInput)),
            ("stdout", RecordJson.OrNull(StandardOutput)),
            ("stderr", RecordJson.OrNull(StandardError)),
            ("terminal", Terminal ? true : null),
            ("exit_status", ExitCode),
            ("exited_at", ExitedAt?.UtcDateTime)),
        indented);

    /// <summary>The container's id.</summary>
    public override string ToString() => Id;
}
