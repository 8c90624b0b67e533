using System.Diagnostics;
using System.Threading.Channels;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>
/// A process that a cmdlet waits for: its whole life, from its making to its removal. It lives beside the pipeline. Its output waits here, a few
/// pieces at the most, for the pipeline's thread, which is the only one that takes it; a process that is not listened to waits as well, so that
/// nothing is lost. However the pipeline ends, the process is ended and removed as planned.
/// </summary>
internal sealed class ProcessRun : IDisposable
{
    private const int Ahead = 64;

    /// <summary>How long a process may take to end after it was asked to.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly Channel<ProcessOutput> _output =
        Channel.CreateBounded<ProcessOutput>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });

    private readonly ProcessPlan _plan;
    private readonly OutputSink? _sink;
    private readonly CancellationTokenSource _stop;
    private readonly Task<ProcessEnd> _life;
    private ProcessStage _stage = ProcessStage.NotStarted;
    private Task<bool>? _next;

    /// <summary>Begins at once.</summary>
    /// <param name="plan">What it is to be, and what becomes of it.</param>
    /// <param name="sink">Takes its output. Null: this terminal does.</param>
    /// <param name="cancellationToken">The pipeline was stopped.</param>
    public ProcessRun(ProcessPlan plan, OutputSink? sink, CancellationToken cancellationToken)
    {
        _plan = plan;
        _sink = sink;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _life = Task.Run(LiveAsync, CancellationToken.None);
    }

    // The pipeline's side: all on its thread.

    /// <summary>Whether the process takes input, as far as we know.</summary>
    public bool TakesInput => _plan.Input is { IsOpen: true };

    /// <summary>Gives the process a piece of input; takes its output while it waits. One that has ended or closed its input gets nothing.</summary>
    public void Send(ReadOnlyMemory<byte> bytes)
    {
        TakeReady();
        while (_plan.Input is { } input && !input.TrySend(bytes))
        {
            Task<bool> space = input.WaitAsync(_stop.Token);
            WaitFor(space);
            if (!space.GetAwaiter().GetResult())
            {
                return;
            }
        }
    }

    /// <summary>Takes what the process has written so far.</summary>
    public void TakeReady()
    {
        while (_output.Reader.TryRead(out ProcessOutput? piece))
        {
            _sink?.Take(piece);
        }
    }

    /// <summary>Ends the input, takes the rest of the output and tells how the process ended.</summary>
    /// <exception cref="CtrException">It could not be made or started.</exception>
    public ProcessEnd Finish()
    {
        _plan.Input?.Complete();
        WaitFor(_life);
        TakeReady();
        ProcessEnd end = _life.GetAwaiter().GetResult();
        _sink?.End();
        return end;
    }

    /// <summary>Tells it to end as planned, and does not wait.</summary>
    public void Cancel() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancel();

        // What it ended with was thrown by Finish, or is of no interest any more.
        _ = Task.WaitAny([_life], CancellationToken.None);
        _ = _life.Exception;
        _stop.Dispose();
    }

    /// <summary>Waits for a task and takes output meanwhile.</summary>
    private void WaitFor(Task task)
    {
        bool more = true;
        while (more && !task.IsCompleted)
        {
            _next ??= _output.Reader.WaitToReadAsync(_stop.Token).AsTask();
            _ = Task.WaitAny([task, _next], CancellationToken.None);
            if (_next.IsCompleted)
            {
                more = _next.GetAwaiter().GetResult();
                _next = null;
                TakeReady();
            }
        }

        _ = Task.WaitAny([task], CancellationToken.None);
    }

    // The process's side: beside the pipeline.

    /// <summary>Makes the process, leads it to its end, and does what follows then.</summary>
    private async Task<ProcessEnd> LiveAsync()
    {
        ProcessEnd end;
        try
        {
            ICtrProcess process = await _plan.Open(_plan.Input is not null || _plan.Keys is not null, _stop.Token).ConfigureAwait(false);
            await using (process.ConfigureAwait(false))
            {
                end = await RunAsync(process).ConfigureAwait(false);
            }
        }
        catch
        {
            await CleanUp.TryAsync(AfterAsync).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Without the error: who waits for the life gets it.
            _ = _output.Writer.TryComplete();
            _plan.Input?.Close();
        }

        await CleanUp.RunAsync(AfterAsync).ConfigureAwait(false);
        return end;
    }

    private Task AfterAsync(CancellationToken cancellationToken) => _plan.After?.Invoke(_stage, cancellationToken) ?? Task.CompletedTask;

    /// <summary>Starts the process, talks with it and waits for its end; kills it when its time is over, and when the pipeline is stopped.</summary>
    private async Task<ProcessEnd> RunAsync(ICtrProcess process)
    {
        long begin = Stopwatch.GetTimestamp();
        CtrExit? exit = null;
        using var over = new CancellationTokenSource();
        Task<bool> clock = Task.FromResult(false);
        try
        {
            if (_plan.Keys is not null)
            {
                await ConsoleTalk.ResizeAsync(process, _stop.Token).ConfigureAwait(false);
            }

            if (_plan.Start)
            {
                await process.StartAsync(_stop.Token).ConfigureAwait(false);
                begin = Stopwatch.GetTimestamp();
            }

            _stage = ProcessStage.Stopped;
            clock = _plan.Timeout is { } timeout ? KillAfterAsync(process, timeout, over.Token) : clock;
            if (await TalkAsync(process).ConfigureAwait(false))
            {
                exit = await process.WaitAsync(_stop.Token).ConfigureAwait(false);
                _stage = ProcessStage.Ended;
            }
            else
            {
                _stage = ProcessStage.Left;
            }

            // Who connects to a task later needs its pipes; to an added process nobody can.
            process.KeepPipes = _stage == ProcessStage.Left && process.ExecId.Length == 0;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            _ = await clock.ConfigureAwait(false);
            await EndAsync(process).ConfigureAwait(false);
        }

        return new ProcessEnd(process.ExecId, process.ProcessId, exit?.ExitCode, Stopwatch.GetElapsedTime(begin), await clock.ConfigureAwait(false));
    }

    /// <summary>Talks with the process until all its output is read. False: leave it running.</summary>
    private async Task<bool> TalkAsync(ICtrProcess process)
    {
        if (_plan.Keys is not null)
        {
            return await ConsoleTalk.RunAsync(process, _plan.Keys, _stop.Token).ConfigureAwait(false);
        }

        using var feeding = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task feed = _plan.Input is { } input ? FeedAsync(process, input, feeding.Token) : Task.CompletedTask;
        try
        {
            await foreach (CtrOutput piece in process.ReadAsync(_stop.Token).ConfigureAwait(false))
            {
                await _output.Writer.WriteAsync(new ProcessOutput(piece.IsError, piece.Bytes.ToArray()), _stop.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            await feeding.CancelAsync().ConfigureAwait(false);

            // It was cancelled just now; an error of its own would be one of reading as well.
            await feed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return true;
    }

    private async Task FeedAsync(ICtrProcess process, ProcessInput input, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ReadOnlyMemory<byte> bytes in input.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!await process.WriteAsync(bytes, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            if (_plan is { EndInput: true, Terminal: true })
            {
                // Closing the input of a terminal hangs it up, with the output that is still in it (containerd's shim, cmd/containerd-shim-runc-v2).
                _ = await process.WriteAsync(ProcessInput.EndOfTransmission, cancellationToken).ConfigureAwait(false);
            }
            else if (_plan.EndInput)
            {
                await process.CloseInputAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            input.Close();
        }
    }

    /// <summary>Kills the process when its time is over. True: it did.</summary>
    private async Task<bool> KillAfterAsync(ICtrProcess process, TimeSpan timeout, CancellationToken over)
    {
        try
        {
            await Task.Delay(timeout, over).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false; // it ended in time
        }

        await CleanUp.TryAsync(token => KillAsync(process, token)).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Ends and removes the process as planned. Its output is read meanwhile: a shim with output that nobody takes is slow to let go.
    /// </summary>
    private async Task EndAsync(ICtrProcess process)
    {
        bool hasEnded = _stage == ProcessStage.Ended;
        if (_stage == ProcessStage.Left || (!hasEnded && !_plan.EndOnStop))
        {
            return;
        }

        using var limit = new CancellationTokenSource(CleanUp.Limit);
        Task drain = hasEnded ? Task.CompletedTask : DrainAsync(process, limit.Token);
        if (!hasEnded)
        {
            await CleanUp.TryAsync(() => KillAsync(process, limit.Token)).ConfigureAwait(false);
        }

        if (_plan.Remove)
        {
            await CleanUp.TryAsync(() => process.DeleteAsync(limit.Token)).ConfigureAwait(false);
        }

        await limit.CancelAsync().ConfigureAwait(false);
        await CleanUp.TryAsync(() => drain).ConfigureAwait(false);
    }

    /// <summary>Asks the process to end, kills it where it does not, and waits for its end.</summary>
    private async Task KillAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        int kill = CtrSignal.Kill.Number;
        Task<CtrExit> end = process.WaitAsync(cancellationToken);
        await process.KillAsync(_plan.StopSignal, cancellationToken).ConfigureAwait(false);
        if (_plan.StopSignal != kill && await Task.WhenAny(end, Task.Delay(Grace, cancellationToken)).ConfigureAwait(false) != end)
        {
            await process.KillAsync(kill, cancellationToken).ConfigureAwait(false);
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
}
