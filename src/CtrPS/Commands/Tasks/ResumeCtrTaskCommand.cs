using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Resume-CtrTask: lets frozen processes of containers go on.</summary>
[Cmdlet(VerbsLifecycle.Resume, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class ResumeCtrTaskCommand : CtrTaskCmdlet
{
    /// <summary>Return the tasks.</summary>
    [Parameter(HelpMessage = "Return the tasks.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(Resume);

    private void Resume(FoundContainer found)
    {
        CtrContainer container = found.Container;
        if (container.State is not CtrTaskState.Paused and not CtrTaskState.Pausing and not CtrTaskState.Unknown)
        {
            throw WrongState(container, "Only a paused task can go on.", "Look with Get-CtrTask.");
        }

        if (ShouldProcess(found.Session, TaskWords(container), "Resume"))
        {
            Await(token => found.Connection.Tasks.ResumeAsync(container.Namespace, container.Id, token));
            if (PassThru)
            {
                WriteTaskNow(found);
            }
        }
    }
}
