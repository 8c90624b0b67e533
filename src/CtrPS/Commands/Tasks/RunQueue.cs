using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>
/// The processes that a cmdlet began and waits for. They run side by side; their output is written in the order in which they were begun, that of
/// each whole, and <c>$LASTEXITCODE</c> follows. Used on the pipeline's thread only.
/// </summary>
internal sealed class RunQueue(CtrCmdlet cmdlet) : IDisposable
{
    private const string StopSignalLabel = "io.containerd.image.config.stop-signal";

    private readonly Queue<Entry> _entries = new();

    /// <summary>What becomes <c>$LASTEXITCODE</c>.</summary>
    public ExitCode ExitCode { get; } = new(cmdlet);

    /// <summary>Begins a process.</summary>
    /// <param name="container">Where it runs; what an error is about.</param>
    /// <param name="plan">What it is to be.</param>
    /// <param name="sink">Takes its output.</param>
    /// <param name="told">Is told how it ended. Null: nobody is.</param>
    /// <param name="refused">Is told why it could not be run, and gives the error to tell. Null: it is told as it is.</param>
    public ProcessRun Begin(
        CtrContainer container,
        ProcessPlan plan,
        OutputSink sink,
        Action<ProcessEnd>? told = null,
        Func<CtrException, CtrException>? refused = null)
    {
        var run = new ProcessRun(plan, sink, cmdlet.StopToken);
        _entries.Enqueue(new Entry(container, run, told, refused));
        return run;
    }

    /// <summary>Starts the task of a container and stays with it, when the one before is over.</summary>
    /// <param name="container">The container.</param>
    /// <param name="start">How its task is started.</param>
    /// <param name="input">Its standard input. Null: none, but for the keys of a terminal.</param>
    /// <param name="format">How its output is written.</param>
    /// <param name="detachKeys">The keys that leave a task with a terminal to itself.</param>
    /// <param name="after">What follows when all is over. Null: nothing.</param>
    /// <param name="refused">Is told why it could not be run, and gives the error to tell. Null: it is told as it is.</param>
    /// <returns>The process that takes input. Null: it has talked with this terminal, and is over.</returns>
    public ProcessRun? Start(
        CtrContainer container,
        TaskStart start,
        ProcessInput? input,
        OutputFormat format,
        string detachKeys,
        Func<ProcessStage, CancellationToken, Task>? after = null,
        Func<CtrException, CtrException>? refused = null)
    {
        var plan = new ProcessPlan { Open = start.CreateAsync, Input = input, StopSignal = StopSignalOf(container), After = after };
        return Stay(container, plan, format, detachKeys, refused);
    }

    /// <summary>
    /// Stays with the task of a container, when the one before is over: with a terminal on both sides they talk by it, else by the pipeline.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="plan">What becomes of the task.</param>
    /// <param name="format">How its output is written.</param>
    /// <param name="detachKeys">The keys that leave a task with a terminal to itself.</param>
    /// <param name="refused">Is told why it could not be run, and gives the error to tell. Null: it is told as it is.</param>
    /// <returns>The process that takes input. Null: it has talked with this terminal, and is over.</returns>
    public ProcessRun? Stay(
        CtrContainer container, ProcessPlan plan, OutputFormat format, string detachKeys, Func<CtrException, CtrException>? refused = null)
    {
        Finish();
        bool terminal = container.Spec?.Process.Terminal ?? false;
        if (terminal && plan.Input is null && ConsoleTalk.IsPossible(cmdlet))
        {
            _ = OnConsole(plan with { Keys = DetachSequence.Parse(detachKeys) });
            return null;
        }

        return Begin(container, plan with { Terminal = terminal }, OutputSink.ToPipeline(cmdlet, format, container), refused: refused);
    }

    /// <summary>Lets a process talk with this terminal and waits until it is over.</summary>
    public ProcessEnd OnConsole(ProcessPlan plan)
    {
        using var run = new ProcessRun(plan, sink: null, cmdlet.StopToken);
        ProcessEnd end = run.Finish();
        ExitCode.Add(end.ExitCode);
        return end;
    }

    /// <summary>Takes what the first one has written so far.</summary>
    public void TakeReady()
    {
        if (_entries.TryPeek(out Entry? first))
        {
            first.Run.TakeReady();
        }
    }

    /// <summary>Waits for the end of the first ones and takes the rest of their output.</summary>
    /// <param name="left">How many may go on.</param>
    public void Finish(int left = 0)
    {
        while (_entries.Count > left)
        {
            FinishFirst();
        }
    }

    /// <summary>Ends those that are left: all are told first, then waited for.</summary>
    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            entry.Run.Cancel();
        }

        while (_entries.TryDequeue(out Entry? entry))
        {
            entry.Run.Dispose();
        }
    }

    private void FinishFirst()
    {
        Entry first = _entries.Peek();
        try
        {
            cmdlet.Guard(first.Container, () =>
            {
                ProcessEnd end = End(first);
                ExitCode.Add(end.ExitCode);
                first.Told?.Invoke(end);
                CheckExitCode(first.Container, end);
            });
        }
        finally
        {
            _ = _entries.Dequeue();
            first.Run.Dispose();
        }
    }

    private static ProcessEnd End(Entry entry)
    {
        try
        {
            return entry.Run.Finish();
        }
        catch (CtrException e) when (entry.Refused is { } refused)
        {
            throw refused(e);
        }
    }

    private void CheckExitCode(CtrContainer container, ProcessEnd end)
    {
        if (ExitCode.IsFailure(end.ExitCode))
        {
            string process = end.ExecId.Length == 0 ? "first process" : "command";
            throw new CtrException(
                CtrErrorIds.CommandFailed, CtrStatus.Unknown,
                $"The {process} in container '{container.Id}' in namespace '{container.Namespace}' ended with exit code {end.ExitCode}.")
            {
                Target = container.Id,
            };
        }
    }

    /// <summary>The signal that the image names. One that is none is left alone here: it would only keep the container from ending.</summary>
    private static int StopSignalOf(CtrContainer container) =>
        container.Labels.TryGetValue(StopSignalLabel, out string? signal) && CtrSignal.TryParse(signal, out CtrSignal? parsed)
            ? parsed.Number
            : CtrSignal.Term.Number;

    private sealed record Entry(CtrContainer Container, ProcessRun Run, Action<ProcessEnd>? Told, Func<CtrException, CtrException>? Refused);
}
