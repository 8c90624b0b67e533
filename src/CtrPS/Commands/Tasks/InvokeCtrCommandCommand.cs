using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Invoke-CtrCommand: runs a command in containers and gives what it writes.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CtrCommand", SupportsShouldProcess = true, DefaultParameterSetName = LinesSet)]
[OutputType(typeof(string), ParameterSetName = [LinesSet])]
[OutputType(typeof(byte[]), ParameterSetName = [BytesSet])]
[OutputType(typeof(CtrCommandResult), ParameterSetName = [ResultSet, DetachSet])]
public sealed class InvokeCtrCommandCommand : CtrProcessCmdlet
{
    private const string LinesSet = "Lines";
    private const string BytesSet = "Bytes";
    private const string ResultSet = "Result";
    private const string DetachSet = "Detach";

    private CommandPlace _place = CommandPlace.Unknown;
    private IReadOnlyList<string> _command = [];

    /// <summary>Creates the cmdlet.</summary>
    public InvokeCtrCommandCommand() => CommandWords.CheckStatement<InvokeCtrCommandCommand>();

    /// <summary>The program and its arguments.</summary>
    [Parameter(
        Position = 1, ValueFromRemainingArguments = true,
        HelpMessage = "The program and its arguments. Write -- before them where they have options.")]
    [WordsTransformation]
    [ValidateNotNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public string[] Command { get; set; } = [];

    /// <summary>A line for the container's shell, in place of a command.</summary>
    [Parameter(HelpMessage = "A line for the container's /bin/sh -c, in place of a command: pipes, variables and all.")]
    [ValidateNotNullOrEmpty]
    public string? Shell { get; set; }

    /// <summary>Write standard output as bytes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BytesSet, HelpMessage = "Write standard output as bytes, for a program on the right.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Write one object with the exit code and all output for each container.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = ResultSet,
        HelpMessage = "Write one object with exit code, output and duration for each container.")]
    public SwitchParameter AsResult { get; set; }

    /// <summary>Do not wait for the end.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DetachSet, HelpMessage = "Start the command and do not wait for its end.")]
    public SwitchParameter Detach { get; set; }

    /// <summary>With -Detach: a file for the output, on the daemon's machine.</summary>
    [Parameter(ParameterSetName = DetachSet, HelpMessage = "A file that takes the output; {Id} stands for the container's id.")]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>With -Detach: a log for the output.</summary>
    [Parameter(ParameterSetName = DetachSet, HelpMessage = "A log that takes the output: file:///path or binary:///program?key=value.")]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>Seconds after which the command is killed.</summary>
    [Parameter(ParameterSetName = LinesSet, HelpMessage = "Seconds after which the command is killed.")]
    [Parameter(ParameterSetName = BytesSet, HelpMessage = "Seconds after which the command is killed.")]
    [Parameter(ParameterSetName = ResultSet, HelpMessage = "Seconds after which the command is killed.")]
    [ValidateRange(1, 604800)]
    public int Timeout { get; set; }

    /// <summary>In how many containers the command runs at a time.</summary>
    [Parameter(HelpMessage = "In how many containers the command runs at a time. Default: 16.")]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <summary>Who runs it: name, uid, user:group.</summary>
    [Parameter(HelpMessage = "The user: a name, a uid, or user:group. Default: the container's.")]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Working directory.</summary>
    [Parameter(HelpMessage = "The working directory in the container. Default: the container's.")]
    [Alias("Cwd")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables to add.</summary>
    [Parameter(HelpMessage = "Environment variables to add: a hashtable, or NAME=value; NAME alone removes one.")]
    [PairTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Env { get; set; } = [];

    /// <summary>Give it a terminal.</summary>
    [Parameter(HelpMessage = "Give the command a terminal. Its standard error is output then.")]
    public SwitchParameter Tty { get; set; }

    /// <summary>Id of the process in the container.</summary>
    [Parameter(HelpMessage = "The id of the process in the container. Default: a new unique one.")]
    [ValidateNotNullOrEmpty]
    public string? ExecId { get; set; }

    /// <inheritdoc/>
    private protected override OutputFormat Format => new(OutputEncoding, RedirectStandardError, AsByteStream);

    /// <inheritdoc/>
    private protected override bool WantsInput => !Detach;

    /// <inheritdoc/>
    private protected override bool WaitsForInput => true;

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        OrEnd(() =>
        {
            _place = CommandWords.Check(this);
            if (!ExpectsInput || !IsOnCommandLine(nameof(Container)))
            {
                _command = CommandWords.Choose(Command, Shell);
            }
        });
        Running.ExitCode.IsData = AsResult;
        base.OnBegin();
    }

    /// <inheritdoc/>
    private protected override bool TakesAsContainer(PSObject? first)
    {
        bool isContainer = ContainerIdentityTransformationAttribute.OfObject(first) is not null;
        if (isContainer && (_place.Named.Contains(nameof(Container)) || Container.Any(one => one.IsObject)))
        {
            throw new CtrException(
                CtrErrorIds.TargetConflict, CtrStatus.InvalidArgument, "Containers come from the pipeline, but -Container names one as well.")
            {
                RecommendedAction = "Leave -Container out: the command runs in the containers of the pipeline.",
            };
        }

        // Where the containers come from the left, all words are the command's.
        OrEnd(() => _command = CommandWords.Choose(isContainer ? [.. Container.Select(one => one.Id), .. Command] : Command, Shell));
        return isContainer;
    }

    /// <inheritdoc/>
    private protected override ProcessRun? Begin(FoundContainer found, ProcessInput? input)
    {
        if (!ShouldProcess(found.Session, Words(found.Container), $"Run '{string.Join(' ', _command)}'"))
        {
            return null;
        }

        if (Detach)
        {
            Leave(found);
            return null;
        }

        Running.Finish(left: ThrottleLimit - 1);
        CtrExecRequest request = Request(found.Container, new CtrProcessIo { Kind = CtrIo.Pipes, Terminal = Tty });
        var plan = new ProcessPlan
        {
            Open = (hasInput, token) => found.Connection.Runner.ExecAsync(request with { Io = request.Io with { Input = hasInput } }, token),
            Input = input,
            Terminal = Tty,
            Timeout = Timeout > 0 ? TimeSpan.FromSeconds(Timeout) : null,
        };
        if (!AsResult)
        {
            return Running.Begin(found.Container, plan, OutputSink.ToPipeline(this, Format, found.Container), end => CheckTime(found.Container, end));
        }

        var captured = new CapturedOutput(OutputEncoding, RedirectStandardError);
        return Running.Begin(found.Container, plan, captured, end => WriteResult(found, end, captured), e => WriteRefusal(found, e));
    }

    private CtrExecRequest Request(CtrContainer container, CtrProcessIo io) => new()
    {
        Namespace = container.Namespace,
        Id = container.Id,
        Command = _command,
        Io = io,
        ExecId = ExecId,
        User = User,
        WorkingDirectory = WorkingDirectory,
        Environment = Env,
    };

    private void Leave(FoundContainer found)
    {
        string? log = TaskLogUri.From(this, LogPath, LogUri, found.Container.Id);
        var io = new CtrProcessIo { Kind = log is null ? CtrIo.Null : CtrIo.Log, LogUri = log ?? "", Terminal = Tty };
        CtrCommandResult left = Await(async token =>
        {
            ICtrProcess process = await found.Connection.Runner.ExecAsync(Request(found.Container, io), token).ConfigureAwait(false);
            await using (process.ConfigureAwait(false))
            {
                await process.StartAsync(token).ConfigureAwait(false);
                return Result(found, process.ExecId, process.ProcessId);
            }
        });
        WriteObject(left);
    }

    private CtrCommandResult Result(FoundContainer found, string execId, long processId) => new()
    {
        Namespace = found.Container.Namespace,
        ContainerId = found.Container.Id,
        Command = _command,
        ExecId = execId,
        ProcessId = processId,
        Session = found.Session,
    };

    private void WriteResult(FoundContainer found, ProcessEnd end, CapturedOutput captured) =>
        WriteObject(Result(found, end.ExecId, end.ProcessId).With(copy =>
        {
            copy.ExitCode = end.ExitCode;
            copy.StdOut = captured.Output;
            copy.StdErr = captured.Error;
            copy.Duration = end.Duration;
            copy.TimedOut = end.TimedOut;
        }));

    /// <summary>A program that could not be run has a result too, with the exit code that shells give then; its error follows.</summary>
    private CtrException WriteRefusal(FoundContainer found, CtrException error)
    {
        if (error.ErrorId is CtrErrorIds.CommandNotFound or CtrErrorIds.CommandNotRunnable)
        {
            WriteObject(Result(found, ExecId ?? "", 0).With(copy => (copy.ExitCode, copy.StdErr) = (ExitCode.Of(error), error.Message)));
        }

        return error;
    }

    private void CheckTime(CtrContainer container, ProcessEnd end)
    {
        if (end.TimedOut)
        {
            throw new CtrException(
                CtrErrorIds.CommandTimeout, CtrStatus.DeadlineExceeded,
                $"The command '{string.Join(' ', _command)}' in {Words(container)} did not end within {Timeout} s. It was killed.")
            {
                Target = container.Id,
                RecommendedAction = "Give it more time with -Timeout.",
            };
        }
    }
}
