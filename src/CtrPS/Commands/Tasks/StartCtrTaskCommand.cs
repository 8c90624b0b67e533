using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Start-CtrTask: starts containers.</summary>
[Cmdlet(VerbsLifecycle.Start, "CtrTask", SupportsShouldProcess = true, DefaultParameterSetName = NullSet)]
[OutputType(typeof(CtrTask), ParameterSetName = [NullSet, LogPathSet, LogUriSet])]
[OutputType(typeof(string), ParameterSetName = [AttachSet])]
public sealed class StartCtrTaskCommand : CtrProcessCmdlet, ITaskParameters
{
    private const string NullSet = "Null";
    private const string LogPathSet = "LogPath";
    private const string LogUriSet = "LogUri";
    private const string AttachSet = "Attach";

    /// <summary>Output goes nowhere. That is the default.</summary>
    [Parameter(ParameterSetName = NullSet, HelpMessage = "The output goes nowhere. That is the default.")]
    public SwitchParameter NullIO { get; set; }

    /// <summary>A file for the output, on the daemon's machine.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LogPathSet, HelpMessage = "A file that takes the output; {Id} stands for the container's id.")]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>A log for the output.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = LogUriSet,
        HelpMessage = "A log that takes the output: file:///path or binary:///program?key=value.")]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>Stay with the task: give its output, remove it when it has ended.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = AttachSet,
        HelpMessage = "Stay with the task until it ends: its output comes here, and it is removed then.")]
    public SwitchParameter Attach { get; set; }

    /// <summary>With -Attach and a terminal: the keys that leave the task to itself.</summary>
    [Parameter(
        ParameterSetName = AttachSet,
        HelpMessage = "The keys that leave a task with a terminal to itself. Default: ctrl-p,ctrl-q; an empty text: none.")]
    [AllowEmptyString]
    public string DetachKeys { get; set; } = DetachSequence.Default;

    /// <summary>Run the CNI plugins.</summary>
    [Parameter(HelpMessage = "Connect the container to the network that CNI's configuration describes.")]
    public SwitchParameter Cni { get; set; }

    /// <summary>The folder of CNI configurations.</summary>
    [Parameter(HelpMessage = "The folder of CNI configurations. Default: $env:NETCONFPATH, else /etc/cni/net.d.")]
    [ValidateNotNullOrEmpty]
    public string? CniConfigPath { get; set; }

    /// <summary>The folders of CNI plugins.</summary>
    [Parameter(HelpMessage = "The folders of CNI plugins. Default: those of $env:CNI_PATH, else /opt/cni/bin and /usr/lib/cni.")]
    [ValidateNotNullOrEmpty]
    public string[]? CniPluginPath { get; set; }

    /// <summary>Do not use pivot_root.</summary>
    [Parameter(HelpMessage = "Do not use pivot_root(2), for root file systems in memory.")]
    public SwitchParameter NoPivot { get; set; }

    /// <summary>A file for the process id.</summary>
    [Parameter(HelpMessage = "A file that takes the process id; {Id} stands for the container's id.")]
    [ValidateNotNullOrEmpty]
    public string? PidFile { get; set; }

    /// <inheritdoc/>
    private protected override bool WantsInput => Attach;

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error)
    {
        if (Attach)
        {
            base.OnFailure(error);
        }
    }

    /// <inheritdoc/>
    private protected override ProcessRun? Begin(FoundContainer found, ProcessInput? input)
    {
        if (!ShouldProcess(found.Session, Words(found.Container), "Start"))
        {
            return null;
        }

        found = Await(token => WatchedAsync(found, token));
        var start = TaskStart.From(this, found.Connection, found.Container.Namespace, found.Container.Id, stay: Attach);
        if (Attach)
        {
            return Running.Start(found.Container, start, input, Format, DetachKeys);
        }

        CtrTask task = Await(start.StartAsync);
        task.Session = found.Session;
        WriteObject(task);
        return null;
    }

    /// <summary>Lets the restart monitor look after a container again that was stopped on purpose.</summary>
    private static async Task<FoundContainer> WatchedAsync(FoundContainer found, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string?> changes = RestartLabels.ToStart(found.Container.Labels);
        return changes.Count == 0 ? found : found with
        {
            Container = await found.Connection.Containers.SetLabelsAsync(
                found.Container.Namespace, found.Container.Id, changes, replaceAll: false, cancellationToken).ConfigureAwait(false),
        };
    }
}
