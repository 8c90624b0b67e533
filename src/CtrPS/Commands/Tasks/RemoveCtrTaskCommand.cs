using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrTask: removes tasks that have ended or were never started. The containers stay.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrTask", SupportsShouldProcess = true)]
public sealed class RemoveCtrTaskCommand : CtrTaskCmdlet
{
    /// <summary>Kill what still runs.</summary>
    [Parameter(HelpMessage = "Kill what still runs in the container first.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(Remove);

    private void Remove(FoundContainer found)
    {
        CtrContainer container = found.Container;
        bool hasEnded = container.State is CtrTaskState.Stopped or CtrTaskState.Created;
        if (!hasEnded && !Force)
        {
            throw WrongState(container, "It was not removed.", "Stop it first with Stop-CtrTask, or use -Force to kill it.");
        }

        if (ShouldProcess(found.Session, TaskWords(container), hasEnded ? "Remove" : "Kill and remove"))
        {
            WarnOfOwner(container, "removed");
            CtrExit? exit = Await(token => found.Connection.Stopper.RemoveAsync(container.Namespace, container.Id, Force, token));
            WriteVerbose(exit is null
                ? $"The {TaskWords(container)} was removed by another client meanwhile."
                : $"Removed the {TaskWords(container)}, which ended with exit code {exit.ExitCode}.");
        }
    }
}
