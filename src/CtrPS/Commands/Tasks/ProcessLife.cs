using System.Diagnostics;

namespace CtrPS.Commands;

/// <summary>The life of a process that somebody waits for: start, talk, end, removal. Whatever happens in between, it is ended and removed as planned.</summary>
internal static class ProcessLife
{
    private const int Kill = 9; // SIGKILL

    /// <summary>How long a process may take to end after it was asked to.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long the clearing up may take at the most: a daemon that does not answer must not hold a stopped pipeline.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Leads a process through its life.</summary>
    /// <param name="open">Makes the process.</param>
    /// <param name="plan">What becomes of it.</param>
    /// <param name="talk">Reads its output to the end and gives it input; false: leave it running.</param>
    /// <param name="cancellationToken">The pipeline was stopped.</param>
    /// <exception cref="CtrException">It could not be made or started.</exception>
    public static async Task<ProcessEnd> RunAsync(
        Func<CancellationToken, Task<ICtrProcess>> open, ProcessPlan plan, Func<ICtrProcess, CancellationToken, Task<bool>> talk, CancellationToken cancellationToken)
    {
        var progress = new Progress();
        ProcessEnd end;
        try
        {
            ICtrProcess process = await open(cancellationToken).ConfigureAwait(false);
            await using (process.ConfigureAwait(false))
            {
                end = await LiveAsync(process, plan, talk, progress, cancellationToken).ConfigureAwait(false);
            }
        }
        catch when (plan.After is not null)
        {
            // What is told is the error that led here.
            await TryAsync(() => AfterAsync(plan, progress)).ConfigureAwait(false);
            throw;
        }

        await AfterAsync(plan, progress).ConfigureAwait(false);
        return end;
    }

    private static async Task<ProcessEnd> LiveAsync(
        ICtrProcess process, ProcessPlan plan, Func<ICtrProcess, CancellationToken, Task<bool>> talk, Progress progress, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        bool wanted = true;
        CtrExit? exit = null;
        using var over = new CancellationTokenSource();
        Task<bool> clock = Task.FromResult(false);
        try
        {
            if (plan.Prepare is not null)
            {
                await plan.Prepare(process, cancellationToken).ConfigureAwait(false);
            }

            if (plan.Start)
            {
                await process.StartAsync(cancellationToken).ConfigureAwait(false);
                begin = Stopwatch.GetTimestamp();
            }

            progress.Stage = ProcessStage.Stopped;
            clock = plan.Timeout is { } timeout ? KillAfterAsync(process, plan, timeout, over.Token) : clock;
            wanted = await talk(process, cancellationToken).ConfigureAwait(false);
            if (wanted)
            {
                exit = await process.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            progress.Stage = wanted ? ProcessStage.Ended : ProcessStage.Left;

            // Who connects to a task later needs its pipes; to an added process nobody can.
            process.KeepPipes = !wanted && process.ExecId.Length == 0;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            _ = await clock.ConfigureAwait(false);
            if (wanted)
            {
                await EndAsync(process, plan, exit is not null).ConfigureAwait(false);
            }
        }

        return new ProcessEnd(process.ContainerId, process.ExecId, process.ProcessId, exit?.ExitCode, Stopwatch.GetElapsedTime(begin), await clock.ConfigureAwait(false));
    }

    private static async Task AfterAsync(ProcessPlan plan, Progress progress)
    {
        if (plan.After is not null)
        {
            using var limit = new CancellationTokenSource(Limit);
            await plan.After(progress.Stage, limit.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Clears up after an error, which says more than one of this would.</summary>
    public static async Task ClearAsync(Func<CancellationToken, Task> work)
    {
        using var limit = new CancellationTokenSource(Limit);
        await TryAsync(() => work(limit.Token)).ConfigureAwait(false);
    }

    /// <summary>Ends and removes a process as planned. It goes on reading meanwhile: a shim with output that nobody takes is slow to let go.</summary>
    private static async Task EndAsync(ICtrProcess process, ProcessPlan plan, bool hasEnded)
    {
        if (!hasEnded && !plan.EndOnStop)
        {
            return;
        }

        using var limit = new CancellationTokenSource(Limit);
        Task drain = hasEnded ? Task.CompletedTask : DrainAsync(process, limit.Token);
        if (!hasEnded)
        {
            await TryAsync(() => AskAndKillAsync(process, plan.StopSignal, limit.Token)).ConfigureAwait(false);
        }

        if (plan.Remove)
        {
            await TryAsync(() => process.DeleteAsync(limit.Token)).ConfigureAwait(false);
        }

        await limit.CancelAsync().ConfigureAwait(false);
        await TryAsync(() => drain).ConfigureAwait(false);
    }

    /// <summary>Kills the process when its time is over. True: it did.</summary>
    private static async Task<bool> KillAfterAsync(ICtrProcess process, ProcessPlan plan, TimeSpan timeout, CancellationToken over)
    {
        try
        {
            await Task.Delay(timeout, over).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false; // it ended in time
        }

        using var limit = new CancellationTokenSource(Limit);
        await TryAsync(() => AskAndKillAsync(process, plan.StopSignal, limit.Token)).ConfigureAwait(false);
        return true;
    }

    private static async Task AskAndKillAsync(ICtrProcess process, int signal, CancellationToken cancellationToken)
    {
        Task<CtrExit> end = process.WaitAsync(cancellationToken);
        await process.KillAsync(signal, cancellationToken).ConfigureAwait(false);
        if (signal != Kill && await Task.WhenAny(end, Task.Delay(Grace, cancellationToken)).ConfigureAwait(false) != end)
        {
            await process.KillAsync(Kill, cancellationToken).ConfigureAwait(false);
        }

        _ = await end.ConfigureAwait(false);
    }

    private static async Task DrainAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        await foreach (CtrOutput _ in process.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            // Nobody wants it any more.
        }
    }

    /// <summary>Does a step of the clearing up. Its error is dropped: the process is gone already, or the daemon is; the error that led here says more.</summary>
    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException or IOException)
        {
            Debug.WriteLine(e.Message);
        }
    }

    private sealed class Progress
    {
        public ProcessStage Stage { get; set; } = ProcessStage.NotStarted;
    }
}
