using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Stop-CtrTask: ends tasks with their stop signal, and by force where that does not do. The tasks stay, with their exit code.</summary>
[Cmdlet(VerbsLifecycle.Stop, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class StopCtrTaskCommand : CtrTaskCmdlet
{
    private readonly List<FoundContainer> _found = [];

    /// <summary>The signal. Default: the one that the container's image names, else SIGTERM.</summary>
    [Parameter(HelpMessage = "The signal to send instead of the one that the image names.")]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [ValidateNotNull]
    public CtrSignal? Signal { get; set; }

    /// <summary>Seconds until SIGKILL; 0: at once; -1: never.</summary>
    [Parameter(HelpMessage = "Seconds that a task may take to end before it is killed. 0: it is killed at once; -1: never.")]
    [ValidateRange(-1, int.MaxValue / 1000)]
    public int Timeout { get; set; } = 10;

    /// <summary>Return the tasks that have ended.</summary>
    [Parameter(HelpMessage = "Return the ended tasks, with exit code and time.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(found =>
    {
        if (ShouldProcess(found.Session, TaskWords(found.Container), Signal is null ? "Stop" : $"Stop with {Signal}"))
        {
            WarnOfOwner(found.Container, "stopped");
            _found.Add(found);
        }
    });

    /// <inheritdoc/>
    private protected override void OnEnd() => ForEachAtOnce(
        // Side by side, as each may take the whole time. One that was named twice is stopped once.
        _found.DistinctBy(found => (found.Session, found.Container.Namespace, found.Container.Id)),
        Width,
        (found, token) => found.Connection.Stopper.StopAsync(Request(found.Container), token),
        found => found.Container,
        (found, result) =>
        {
            string end = result switch
            {
                { Signal: null } => "had ended already",
                { WasKilled: true } => $"did not end within {Timeout} seconds after {result.Signal} and was killed",
                _ => $"ended after {result.Signal}",
            };
            if (result.Warning is not null)
            {
                WriteWarning(result.Warning);
            }

            WriteVerbose($"The {TaskWords(found.Container)} {end}: exit code {result.Task.ExitCode}.");
            if (PassThru)
            {
                WriteTask(result.Task, found.Session);
            }
        });

    private CtrStopRequest Request(CtrContainer container) => new()
    {
        Namespace = container.Namespace,
        Id = container.Id,
        Signal = Signal,
        Timeout = Timeout < 0 ? null : TimeSpan.FromSeconds(Timeout),
    };
}
