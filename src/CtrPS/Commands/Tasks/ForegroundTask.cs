using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>
/// The tasks that a cmdlet starts and stays with, one after the other: with a terminal on both sides they talk by it, else by the pipeline. Used on the
/// pipeline's thread only.
/// </summary>
internal sealed class ForegroundTask(PSCmdlet cmdlet) : IDisposable
{
    private const string StopSignalLabel = "io.containerd.image.config.stop-signal";

    private readonly RunQueue _running = new();

    /// <summary>What becomes <c>$LASTEXITCODE</c>.</summary>
    public ExitCode ExitCode { get; } = new(cmdlet);

    /// <summary>The keys that leave a task with a terminal to itself.</summary>
    public string Keys { get; set; } = DetachSequence.Default;

    /// <summary>Starts a task, when the one before is over.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="container">The container.</param>
    /// <param name="request">The task.</param>
    /// <param name="format">How its output is written.</param>
    /// <param name="input">Its standard input. Null: none, but for the keys of a terminal.</param>
    /// <param name="processIdFile">A file for the process id. Null: none.</param>
    /// <param name="after">What follows when all is over. Null: nothing.</param>
    /// <param name="guard">Sees to errors.</param>
    /// <param name="cancellationToken">The pipeline was stopped.</param>
    /// <returns>The process that takes input. Null: it has talked by the terminal, and is over.</returns>
    public ProcessRun? Start(
        ICtrConnection connection, CtrContainer container, CtrTaskRequest request, OutputFormat format, ProcessInput? input, string? processIdFile,
        Func<ProcessStage, CancellationToken, Task>? after, Action<object, Action> guard, CancellationToken cancellationToken)
    {
        return Begin(container, CreateAsync, new ProcessPlan { StopSignal = StopSignalOf(container), After = after }, format, input, guard, cancellationToken);

        Task<ICtrProcess> CreateAsync(bool hasInput, CancellationToken token) =>
            TaskStart.CreateAsync(connection, request with { Io = request.Io with { Input = hasInput && request.Io.Kind == CtrIo.Pipes } }, processIdFile, token);
    }

    /// <summary>Begins to talk with the task of a container, when the one before is over.</summary>
    /// <param name="container">The container.</param>
    /// <param name="open">Gives the process; is told whether it is to have input.</param>
    /// <param name="plan">What becomes of it.</param>
    /// <param name="format">How its output is written.</param>
    /// <param name="input">Its standard input. Null: none, but for the keys of a terminal.</param>
    /// <param name="guard">Sees to errors.</param>
    /// <param name="cancellationToken">The pipeline was stopped.</param>
    /// <returns>The process that takes input. Null: it has talked by the terminal, and is over.</returns>
    public ProcessRun? Begin(
        CtrContainer container, Func<bool, CancellationToken, Task<ICtrProcess>> open, ProcessPlan plan, OutputFormat format, ProcessInput? input, Action<object, Action> guard, CancellationToken cancellationToken)
    {
        Finish(guard);
        bool terminal = HasTerminal(container);
        if (terminal && input is null && ConsoleTalk.IsPossible(cmdlet))
        {
            End(ConsoleTalk.RunAsync(token => open(true, token), plan, DetachSequence.Parse(Keys), cancellationToken).GetAwaiter().GetResult());
            return null;
        }

        var run = new ProcessRun(token => open(input is not null, token), plan, input, terminal, cancellationToken);
        _running.Add(run, OutputSink.ToPipeline(cmdlet, format, container), End, container);
        return run;
    }

    /// <summary>Takes what the task has written.</summary>
    public void TakeReady() => _running.TakeReady();

    /// <summary>Takes a piece of output.</summary>
    public void Take(ProcessOutput piece) => _running.Take(piece);

    /// <summary>Waits for the end of the task.</summary>
    public void Finish(Action<object, Action> guard)
    {
        while (_running.Count > 0)
        {
            _running.FinishFirst(guard);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _running.Dispose();

    private static bool HasTerminal(CtrContainer container) => container.Spec?.Process.Terminal ?? false;

    /// <summary>The signal that the image names. One that is none is left alone here: it would only keep the container from ending.</summary>
    private static int StopSignalOf(CtrContainer container) =>
        container.Labels.TryGetValue(StopSignalLabel, out string? signal) && CtrSignal.TryParse(signal, out CtrSignal? parsed) ? parsed.Number : CtrSignal.Term.Number;

    private void End(ProcessEnd end) => ExitCode.Add(end.ExitCode);
}
