using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Connect-CtrTask: connects to the standard streams of a task that runs.</summary>
[Cmdlet(VerbsCommunications.Connect, "CtrTask")]
[OutputType(typeof(string))]
public sealed class ConnectCtrTaskCommand : CtrProcessCmdlet
{
    private readonly ForegroundTask _foreground;

    /// <summary>Creates the cmdlet.</summary>
    public ConnectCtrTaskCommand() => _foreground = new ForegroundTask(this);

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
    protected override void BeginProcessing()
    {
        _foreground.Keys = DetachKeys;
        base.BeginProcessing();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        _foreground.TakeReady();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        _foreground.Finish(Guard);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _foreground.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error) => _foreground.ExitCode.Add(error);

    /// <inheritdoc/>
    private protected override void Take(ProcessOutput piece) => _foreground.Take(piece);

    /// <inheritdoc/>
    private protected override ProcessRun? Begin(FoundContainer found, ProcessInput? input)
    {
        var plan = new ProcessPlan { Start = false, EndOnStop = false, EndInput = EndInput, Remove = Remove };
        return _foreground.Begin(
            found.Container, (_, token) => found.Connection.Runner.AttachAsync(found.Container.Namespace, found.Container.Id, token), plan, Format, input, Guard, StopToken);
    }
}
