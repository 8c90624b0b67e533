namespace CtrPS;

/// <summary>
/// A process of a container. What the daemon tells is its number, and the exec id of one that was added; the rest is read from the kernel where the
/// daemon runs on this machine, and null elsewhere.
/// </summary>
public sealed class CtrProcess : CtrObject
{
    internal CtrProcess()
    {
    }

    /// <summary>The container's id.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>Its id on the daemon's machine; in the container it has another one.</summary>
    public long ProcessId { get; internal set; }

    /// <summary>The exec id of a process that was added to the container. Empty: its first process, or a child of one.</summary>
    public string ExecId { get; internal set; } = "";

    /// <summary>Whether it is the container's first process.</summary>
    public bool IsFirst { get; internal set; }

    /// <summary>
    /// The program and its arguments, with spaces between; of a process that has ended and is not yet waited for its name in brackets.
    /// </summary>
    public string? CommandLine { get; internal set; }

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string>? Arguments { get; internal set => field = CtrList.Of(value); }

    /// <summary>Id of its parent on the daemon's machine. The parent of the first process is the shim.</summary>
    public long? ParentProcessId { get; internal set; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; internal set; }

    /// <summary>Number of its user, outside of any user namespace.</summary>
    public long? UserId { get; internal set; }

    /// <summary>The command line, else the process id.</summary>
    public override string ToString() => CommandLine ?? ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
