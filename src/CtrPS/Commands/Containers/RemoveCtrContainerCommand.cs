using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrContainer: removes containers with their task, if it has ended, and their snapshot.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrContainer", SupportsShouldProcess = true)]
public sealed class RemoveCtrContainerCommand : CtrContainerCmdlet
{
    /// <summary>Kill what still runs.</summary>
    [Parameter(HelpMessage = "Kill what still runs in the container first.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Leave the snapshot: the container's file system.</summary>
    [Parameter(HelpMessage = "Leave the snapshot, that is the container's file system.")]
    public SwitchParameter KeepSnapshot { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachContainer(Remove);

    private void Remove(FoundContainer found)
    {
        CtrContainer container = found.Container;
        bool hasEnded = container.State is CtrTaskState.None or CtrTaskState.Stopped or CtrTaskState.Created;
        if (!hasEnded && !Force)
        {
            throw new CtrException(
                CtrErrorIds.ContainerInUse, CtrStatus.FailedPrecondition,
                $"The {Words(container)} has a task that {StateWords(container.State)}. It was not removed.")
            {
                Target = container.Id,
                RecommendedAction = "Stop it first with Stop-CtrTask, or use -Force to kill it.",
            };
        }

        string action = $"{(hasEnded ? "Remove" : "Kill and remove")}{(KeepSnapshot ? ", keep its snapshot" : "")}";
        if (!ShouldProcess(found.Session, Words(container), action))
        {
            return;
        }

        WarnOfOwner(container, "removed");
        try
        {
            // The task may have changed since it was looked at: what runs now is killed only where that was allowed.
            if (Await(token => found.Connection.Stopper.RemoveAsync(container.Namespace, container.Id, Force, token)) is { } exit)
            {
                WriteVerbose($"Removed the task of {Words(container)}, which ended with exit code {exit.ExitCode}.");
            }

            Await(token => found.Connection.Containers.DeleteAsync(container.Namespace, container.Id, KeepSnapshot, token));
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ContainerNotFound)
        {
            WriteVerbose($"The {Words(container)} was removed by another client meanwhile.");
        }
    }
}
