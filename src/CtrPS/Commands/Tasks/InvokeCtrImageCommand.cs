using System.Management.Automation;
using System.Text;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Invoke-CtrImage: makes a container and runs it.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = ImageSet)]
[Alias("Run-CtrImage")]
[OutputType(typeof(string), typeof(byte[]), typeof(CtrTask))]
public sealed class InvokeCtrImageCommand : CtrContainerOptionsCmdlet, ITaskParameters
{
    private readonly RunQueue _running;
    private bool _isInputPiped;
    private ProcessRun? _fed;

    /// <summary>Creates the cmdlet.</summary>
    public InvokeCtrImageCommand()
    {
        CommandWords.CheckStatement<InvokeCtrImageCommand>();
        _running = new RunQueue(this);
    }

    /// <summary>Standard input: text by lines, or bytes.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Standard input of the process: strings are lines, bytes are bytes.")]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public PSObject? InputObject { get; set; }

    /// <summary>Encoding of text that is sent.</summary>
    [Parameter(HelpMessage = "The encoding of text for standard input. Default: UTF-8.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding InputEncoding { get; set; } = EncodingTransformationAttribute.Names["utf8"];

    /// <summary>Encoding of text that comes.</summary>
    [Parameter(HelpMessage = "The encoding of the text that the process writes. Default: UTF-8.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding OutputEncoding { get; set; } = EncodingTransformationAttribute.Names["utf8"];

    /// <summary>Where standard error goes.</summary>
    [Parameter(HelpMessage = "Where standard error goes: Error (a record for each line), Output or Null.")]
    public CtrErrorStream RedirectStandardError { get; set; }

    /// <summary>Make an exit code other than 0 an error.</summary>
    [Parameter(HelpMessage = "Write an error where the exit code is not 0.")]
    public SwitchParameter ErrorOnExitCode { get; set; }

    /// <summary>Write standard output as bytes.</summary>
    [Parameter(HelpMessage = "Write standard output as bytes, for a program on the right.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Do not wait for the end.</summary>
    [Parameter(HelpMessage = "Return the task and do not wait for its end.")]
    public SwitchParameter Detach { get; set; }

    /// <summary>Remove the container at the end.</summary>
    [Parameter(HelpMessage = "Remove the container with its snapshot when its task has ended, or when the pipeline is stopped.")]
    [Alias("Rm")]
    public SwitchParameter Remove { get; set; }

    /// <summary>Output goes nowhere.</summary>
    [Parameter(HelpMessage = "The output goes nowhere. With -Detach that is the default.")]
    public SwitchParameter NullIO { get; set; }

    /// <summary>A file for the output, on the daemon's machine.</summary>
    [Parameter(HelpMessage = "A file that takes the output; {Id} stands for the container's id.")]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>A log for the output.</summary>
    [Parameter(HelpMessage = "A log that takes the output: file:///path or binary:///program?key=value.")]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>With -Tty: the keys that leave the task to itself.</summary>
    [Parameter(HelpMessage = "The keys that leave a task with a terminal to itself. Default: ctrl-p,ctrl-q; an empty text: none.")]
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
    private protected override void OnBegin()
    {
        OrEnd(() =>
        {
            PlaceWords();
            CheckParameters();
        });
        _running.ExitCode.IsError = ErrorOnExitCode;
        _isInputPiped = ExpectsInput
            && (IsOnCommandLine(nameof(Image)) || IsOnCommandLine(nameof(RootFS)) || IsOnCommandLine(nameof(Spec)) || IsOnCommandLine(nameof(SpecPath)));
        if (_isInputPiped)
        {
            ForEachRequest(plan => _fed = Run(plan, Detach ? null : new ProcessInput()));
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (!_isInputPiped)
        {
            // What the pipeline brings is the image; input can only be given beside it.
            bool hasInput = InputObject is not null && !ExpectsInput && !Detach;
            ForEachRequest(plan => Run(plan, hasInput ? new ProcessInput([ProcessInput.Encode(InputObject, InputEncoding)]) : null));
        }
        else if (_fed is { TakesInput: true })
        {
            Guard(null, () => _fed.Send(ProcessInput.Encode(InputObject, InputEncoding)));
        }

        _running.TakeReady();
    }

    /// <inheritdoc/>
    private protected override void OnEnd() => _running.Finish();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _running.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error)
    {
        if (!Detach)
        {
            _running.ExitCode.Add(error);
        }
    }

    private void CheckParameters()
    {
        if (Detach && Remove)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                "-Remove and -Detach do not go together: nobody would wait for the end to remove the container.")
            {
                Target = nameof(Remove),
            };
        }

        if (new bool[] { NullIO, LogPath is not null, LogUri is not null }.Count(given => given) > 1)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                "The output goes to one place: give one of -NullIO, -LogPath and -LogUri.")
            {
                Target = nameof(LogUri),
            };
        }
    }

    private ProcessRun? Run(ContainerPlan plan, ProcessInput? input)
    {
        if (!ShouldProcess(plan.Session, plan.Words, $"Run from {plan.Origin}"))
        {
            return null;
        }

        // What can be wrong with these is told before anything is made.
        var start = TaskStart.From(this, plan.Connection, plan.Request.Namespace, plan.Request.Id, stay: !NullIO && !Detach);
        _ = DetachSequence.Parse(DetachKeys);
        CtrContainer container = Create(plan);
        if (!Detach)
        {
            var format = new OutputFormat(OutputEncoding, RedirectStandardError, AsByteStream);
            return _running.Start(container, start, input, format, DetachKeys, (stage, token) => AfterAsync(plan, stage, token), Explain);
        }

        CtrTask task = Started(plan, start);
        task.Session = plan.Session;
        WriteObject(task);
        return null;
    }

    private CtrTask Started(ContainerPlan plan, TaskStart start)
    {
        try
        {
            return Await(token => StartAsync(plan, start, token));
        }
        catch (CtrException e)
        {
            throw Explain(e);
        }
    }

    /// <summary>Says which word was taken for the id, where a program is not found: docker takes none.</summary>
    private CtrException Explain(CtrException error)
    {
        if (error.ErrorId != CtrErrorIds.CommandNotFound || !HasPlainId || Command.Length == 0)
        {
            return error;
        }

        string words = string.Join(' ', [Id!, .. Command]);
        return new CtrException(
            error.ErrorId, error.Status,
            $"{error.Message} The second word, '{Id}', is the id of the container. "
                + $"Write {MyInvocation.MyCommand.Name} {Image} -- {words} for a new id.",
            error)
        {
            Target = error.Target,
            RecommendedAction = error.RecommendedAction,
            Details = error.Details,
        };
    }

    /// <summary>Starts a task that nobody waits for. A container that cannot be started goes again.</summary>
    private static async Task<CtrTask> StartAsync(ContainerPlan plan, TaskStart start, CancellationToken cancellationToken)
    {
        try
        {
            return await start.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await CleanUp.TryAsync(token => RemoveAsync(plan, token)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes the container where that was asked for, and where it was never started.</summary>
    private Task AfterAsync(ContainerPlan plan, ProcessStage stage, CancellationToken cancellationToken) =>
        stage == ProcessStage.NotStarted || (Remove && stage != ProcessStage.Left) ? RemoveAsync(plan, cancellationToken) : Task.CompletedTask;

    private static Task RemoveAsync(ContainerPlan plan, CancellationToken cancellationToken) =>
        plan.Connection.Containers.DeleteAsync(plan.Request.Namespace, plan.Request.Id, keepSnapshot: false, cancellationToken);
}
