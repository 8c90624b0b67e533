using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Send-CtrSignal: sends a signal to the first process of containers, to one that was added, or to all.</summary>
[Cmdlet(VerbsCommunications.Send, "CtrSignal", SupportsShouldProcess = true, DefaultParameterSetName = TaskSet)]
public sealed class SendCtrSignalCommand : CtrTaskCmdlet
{
    private const string TaskSet = "Task";
    private const string ProcessSet = "Process";

    /// <summary>The signal.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "The signal: a name with or without SIG, or a number.")]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [ValidateNotNull]
    public CtrSignal Signal { get; set; } = CtrSignal.Term;

    /// <summary>To all processes of the container.</summary>
    [Parameter(ParameterSetName = TaskSet, HelpMessage = "Send it to all processes of the container.")]
    public SwitchParameter All { get; set; }

    /// <summary>To a process that was added to the container.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ProcessSet, HelpMessage = "Send it to this process that was added to the container.")]
    [ValidateNotNullOrEmpty]
    public string ExecId { get; set; } = "";

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(Send);

    private void Send(FoundContainer found)
    {
        CtrContainer container = found.Container;
        if (container.State == CtrTaskState.Stopped)
        {
            throw WrongState(container, "It takes no signals any more.", "Look with Get-CtrTask; start the container anew with Start-CtrTask.");
        }

        string execId = ExecId.Length > 0 ? ExecId : ExecIdOf(found);
        string words = execId.Length > 0 ? $"process '{execId}' of {Words(container)}" : TaskWords(container);
        if (ShouldProcess(found.Session, words, $"Send {Signal}{(All ? " to all processes" : "")}"))
        {
            Await(token => found.Connection.Tasks.KillAsync(container.Namespace, container.Id, execId, Signal.Number, All, token));
        }
    }

    /// <summary>Which process an object of one means: containerd knows the first one and those that were added, not what they started.</summary>
    private string ExecIdOf(FoundContainer found) => found.Wanted.Process is not { } process || process.IsFirst || All ? ""
        : process.ExecId.Length > 0 ? process.ExecId
        : throw new CtrException(
            CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
            $"The process {process.ProcessId} of {Words(found.Container)} was started by another process in it. "
            + "containerd sends signals to a container's first process and to those that were added to it.")
        {
            Target = found.Container.Id,
            RecommendedAction = "Use -All for all processes of the container, or kill on the daemon's machine for this one.",
        };
}
