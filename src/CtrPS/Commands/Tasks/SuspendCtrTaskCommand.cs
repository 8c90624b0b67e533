using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Suspend-CtrTask: freezes all processes of containers.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class SuspendCtrTaskCommand : CtrTaskCmdlet
{
    /// <summary>Return the tasks.</summary>
    [Parameter(HelpMessage = "Return the tasks.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(Suspend);

    private void Suspend(FoundContainer found)
    {
        CtrContainer container = found.Container;
        if (container.State is not CtrTaskState.Running and not CtrTaskState.Unknown)
        {
            throw WrongState(container, "Only a running task can be paused.", "Look with Get-CtrTask.");
        }

        if (ShouldProcess(found.Session, TaskWords(container), "Suspend"))
        {
            Await(token => found.Connection.Tasks.PauseAsync(container.Namespace, container.Id, token));
            if (PassThru)
            {
                WriteTaskNow(found);
            }
        }
    }
}
