using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Start-CtrTask: starts containers.</summary>
[Cmdlet(VerbsLifecycle.Start, "CtrTask", SupportsShouldProcess = true, DefaultParameterSetName = NullSet)]
[OutputType(typeof(CtrTask), ParameterSetName = [NullSet, LogPathSet, LogUriSet])]
[OutputType(typeof(string), ParameterSetName = [AttachSet])]
public sealed class StartCtrTaskCommand : CtrProcessCmdlet
{
    private const string NullSet = "Null";
    private const string LogPathSet = "LogPath";
    private const string LogUriSet = "LogUri";
    private const string AttachSet = "Attach";

    private readonly ForegroundTask _foreground;

    /// <summary>Creates the cmdlet.</summary>
    public StartCtrTaskCommand() => _foreground = new ForegroundTask(this);

    /// <summary>Output goes nowhere. That is the default.</summary>
    [Parameter(ParameterSetName = NullSet, HelpMessage = "The output goes nowhere. That is the default.")]
    public SwitchParameter NullIO { get; set; }

    /// <summary>A file for the output, on the daemon's machine.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LogPathSet, HelpMessage = "A file that takes the output; {Id} stands for the container's id.")]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>A log for the output.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LogUriSet, HelpMessage = "A log that takes the output: file:///path or binary:///program?key=value.")]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>Stay with the task: give its output, remove it when it has ended.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AttachSet, HelpMessage = "Stay with the task until it ends: its output comes here, and it is removed then.")]
    public SwitchParameter Attach { get; set; }

    /// <summary>With -Attach and a terminal: the keys that leave the task to itself.</summary>
    [Parameter(ParameterSetName = AttachSet, HelpMessage = "The keys that leave a task with a terminal to itself. Default: ctrl-p,ctrl-q.")]
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
    private protected override void OnFailure(CtrException error)
    {
        if (Attach)
        {
            _foreground.ExitCode.Add(error);
        }
    }

    /// <inheritdoc/>
    private protected override void Take(ProcessOutput piece) => _foreground.Take(piece);

    /// <inheritdoc/>
    private protected override ProcessRun? Begin(FoundContainer found, ProcessInput? input)
    {
        if (!ShouldProcess(Words(found.Container), "Start"))
        {
            return null;
        }

        found = Await(token => WatchedAsync(found, token));
        string id = found.Container.Id;
        string? processIdFile = PidFile is null ? null : ProviderPath.Resolve(this, PidFile.Replace("{Id}", id, StringComparison.OrdinalIgnoreCase));
        string? log = LogPath is not null ? TaskLogUri.FromPath(this, LogPath, id) : LogUri is not null ? TaskLogUri.From(LogUri, id) : null;
        var request = new CtrTaskRequest
        {
            Namespace = found.Container.Namespace,
            Id = id,
            Network = Cni,
            Cni = CniFolders.Options(this, CniConfigPath, CniPluginPath),
            NoPivot = NoPivot,
            Io = Attach ? new CtrProcessIo { Kind = CtrIo.Pipes } : log is null ? CtrProcessIo.None : new CtrProcessIo { Kind = CtrIo.Log, LogUri = log },
        };
        if (Attach)
        {
            return _foreground.Start(found.Connection, found.Container, request, Format, input, processIdFile, after: null, Guard, StopToken);
        }

        CtrTask task = Await(token => TaskStart.StartAsync(found.Connection, request, processIdFile, token));
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
            Container = await found.Connection.Containers.SetLabelsAsync(found.Container.Namespace, found.Container.Id, changes, replaceAll: false, cancellationToken).ConfigureAwait(false),
        };
    }
}
