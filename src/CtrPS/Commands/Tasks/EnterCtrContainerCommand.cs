using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Posix;

namespace CtrPS.Commands;

/// <summary>Enter-CtrContainer: runs a shell in a container on this terminal.</summary>
[Cmdlet(VerbsCommon.Enter, "CtrContainer", SupportsShouldProcess = true)]
public sealed class EnterCtrContainerCommand : CtrContainerCmdlet
{
    /// <summary>The shells that are tried, by the container's PATH.</summary>
    private static readonly string[] Shells = ["bash", "sh"];

    private readonly RunQueue _running;
    private DetachSequence _keys = DetachSequence.Parse("");

    /// <summary>Creates the cmdlet.</summary>
    public EnterCtrContainerCommand()
    {
        CommandWords.CheckStatement<EnterCtrContainerCommand>();
        _running = new RunQueue(this);
    }

    /// <summary>The program and its arguments. Default: the first of bash and sh that is there.</summary>
    [Parameter(
        Position = 1, ValueFromRemainingArguments = true,
        HelpMessage = "The program and its arguments. Default: bash, else sh. Write -- before them where they have options.")]
    [WordsTransformation]
    [ValidateNotNull]
    public string[] Command { get; set; } = [];

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

    /// <summary>The keys that leave it to itself.</summary>
    [Parameter(HelpMessage = "The keys that leave the program running and come back. Default: ctrl-p,ctrl-q; an empty text: none.")]
    [AllowEmptyString]
    public string DetachKeys { get; set; } = DetachSequence.Default;

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "this terminal talks to one process";

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() =>
    {
        _keys = DetachSequence.Parse(DetachKeys);
        _ = CommandWords.Check(this);
        Command = Command.Length > 0 ? [.. CommandWords.Choose(Command, null)] : Command;
    });

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachContainer(found =>
    {
        if (ShouldProcess(found.Session, Words(found.Container), Command.Length > 0 ? $"Enter with '{string.Join(' ', Command)}'" : "Enter"))
        {
            ConsoleTalk.Require(this, "Run single commands with Invoke-CtrCommand.");
            Enter(found);
        }
    });

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error) => _running.ExitCode.Add(error);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _running.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Enter(FoundContainer found)
    {
        var plan = new ProcessPlan { Open = (_, token) => OpenAsync(found, token), Start = Command.Length > 0, Keys = _keys };
        ProcessEnd end = _running.OnConsole(plan);
        if (end.ExitCode is null)
        {
            WriteVerbose($"The program goes on in {Words(found.Container)} as process '{end.ExecId}'.");
        }
    }

    /// <summary>Makes the process. Where no program was named, it is started as well: that is how it shows which shell is there.</summary>
    private async Task<ICtrProcess> OpenAsync(FoundContainer found, CancellationToken cancellationToken)
    {
        if (Command.Length > 0)
        {
            return await ExecAsync(found, Command, cancellationToken).ConfigureAwait(false);
        }

        foreach (string shell in Shells)
        {
            ICtrProcess process = await ExecAsync(found, [shell], cancellationToken).ConfigureAwait(false);
            try
            {
                await process.StartAsync(cancellationToken).ConfigureAwait(false);
                return process;
            }
            catch (CtrException e) when (e.ErrorId is CtrErrorIds.CommandNotFound or CtrErrorIds.CommandNotRunnable)
            {
                await process.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await process.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }

        throw new CtrException(
            CtrErrorIds.CommandNotFound, CtrStatus.NotFound,
            $"The {Words(found.Container)} has none of the shells {string.Join(", ", Shells)} in its PATH.")
        {
            Target = found.Container.Id,
            RecommendedAction = "Name a program that it has: Enter-CtrContainer <container> <program>.",
        };
    }

    private Task<ICtrProcess> ExecAsync(FoundContainer found, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var request = new CtrExecRequest
        {
            Namespace = found.Container.Namespace,
            Id = found.Container.Id,
            Command = command,
            Io = new CtrProcessIo { Kind = CtrIo.Pipes, Input = true, Terminal = true, Size = Terminal.Size },
            User = User,
            WorkingDirectory = WorkingDirectory,
            Environment = Env,
        };
        return found.Connection.Runner.ExecAsync(request, cancellationToken);
    }
}
