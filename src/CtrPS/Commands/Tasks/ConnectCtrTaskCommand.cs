using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Connect-CtrTask: connects to the standard streams of a task that runs.</summary>
[Cmdlet(VerbsCommunications.Connect, "CtrTask")]
[OutputType(typeof(string))]
public sealed class ConnectCtrTaskCommand : CtrProcessCmdlet
{
    /// <summary>With a terminal: the keys that leave the task to itself.</summary>
    [Parameter(HelpMessage = "The keys that leave a task with a terminal to itself. Default: ctrl-p,ctrl-q; an empty text: none.")]
    [AllowEmptyString]
    public string DetachKeys { get; set; } = DetachSequence.Default;

    /// <summary>End the task's standard input when there is no more to send.</summary>
    [Parameter(HelpMessage = "End the standard input of the task when all is sent. Otherwise it waits for more.")]
    public SwitchParameter EndInput { get; set; }

    /// <summary>Remove the task when it has ended, as ctr does.</summary>
    [Parameter(HelpMessage = "Remove the task when it has ended.")]
    public SwitchParameter Remove { get; set; }

    /// <inheritdoc/>
    private protected override ProcessRun? Begin(FoundContainer found, ProcessInput? input)
    {
        (string name, string id) = (found.Container.Namespace, found.Container.Id);
        var plan = new ProcessPlan
        {
            Open = (_, token) => found.Connection.Runner.AttachAsync(name, id, token),
            Input = input,
            Start = false,
            EndOnStop = false,
            EndInput = EndInput,
            Remove = Remove,
        };
        return Running.Stay(found.Container, plan, Format, DetachKeys);
    }
}
