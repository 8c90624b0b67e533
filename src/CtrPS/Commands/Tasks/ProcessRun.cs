using System.Threading.Channels;

namespace CtrPS.Commands;

/// <summary>
/// A process that runs beside the pipeline. Its output waits here, a few pieces at the most, for the pipeline's thread, which is the only one that
/// takes it; a process that is not listened to waits as well, so that nothing is lost. Disposing ends the process as planned and waits for that.
/// </summary>
internal sealed class ProcessRun : IDisposable
{
    private const int Ahead = 64;

    private readonly Channel<ProcessOutput> _output = Channel.CreateBounded<ProcessOutput>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
    private readonly ProcessInput? _input;
    private readonly ProcessPlan _plan;
    private readonly bool _terminal;
    private readonly CancellationTokenSource _stop;
    private readonly Task<ProcessEnd> _run;
    private Task<bool>? _next;

    /// <summary>Begins at once.</summary>
    /// <param name="open">Makes the process.</param>
    /// <param name="plan">What becomes of it.</param>
    /// <param name="input">Its standard input. Null: none.</param>
    /// <param name="terminal">Whether it has a terminal, which takes a character for the end of input.</param>
    /// <param name="cancellationToken">The pipeline was stopped.</param>
    public ProcessRun(Func<CancellationToken, Task<ICtrProcess>> open, ProcessPlan plan, ProcessInput? input, bool terminal, CancellationToken cancellationToken)
    {
        _plan = plan;
        _input = input;
        _terminal = terminal;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _run = Task.Run(() => RunAsync(open), CancellationToken.None);
    }

    /// <summary>Whether the process takes input, as far as we know.</summary>
    public bool TakesInput => _input is { IsOpen: true };

    /// <summary>Gives the process a piece of input; takes its output while it waits. A process that has ended or closed its input gets nothing.</summary>
    public void Send(ReadOnlyMemory<byte> bytes, Action<ProcessOutput> take)
    {
        TakeReady(take);
        if (_input is null)
        {
            return;
        }

        while (!_input.TrySend(bytes))
        {
            Task<bool> space = _input.WaitAsync(_stop.Token);
            WaitFor(space, take);
            if (!space.GetAwaiter().GetResult())
            {
                return;
            }
        }
    }

    /// <summary>Takes what is there.</summary>
    public void TakeReady(Action<ProcessOutput> take)
    {
        while (_output.Reader.TryRead(out ProcessOutput? piece))
        {
            take(piece);
        }
    }

    /// <summary>Ends the input, takes the rest of the output and tells how the process ended.</summary>
    /// <exception cref="CtrException">It could not be made or started.</exception>
    public ProcessEnd Finish(Action<ProcessOutput> take)
    {
        _input?.Complete();
        WaitFor(_run, take);
        TakeReady(take);
        return _run.GetAwaiter().GetResult();
    }

    /// <summary>Tells it to end as planned, and does not wait.</summary>
    public void Cancel() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancel();

        // What it ended with was thrown by Finish, or is of no interest any more.
        _ = Task.WaitAny([_run], CancellationToken.None);
        _ = _run.Exception;
        _stop.Dispose();
    }

    /// <summary>Waits for a task and takes output meanwhile.</summary>
    private void WaitFor(Task task, Action<ProcessOutput> take)
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
                TakeReady(take);
            }
        }

        _ = Task.WaitAny([task], CancellationToken.None);
    }

    private async Task<ProcessEnd> RunAsync(Func<CancellationToken, Task<ICtrProcess>> open)
    {
        try
        {
            return await ProcessLife.RunAsync(open, _plan, TalkAsync, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            // Without the error: who waits for the task gets it.
            _ = _output.Writer.TryComplete();
            _input?.Close();
        }
    }

    private async Task<bool> TalkAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        using var feeding = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task feed = FeedAsync(process, feeding.Token);
        try
        {
            await foreach (CtrOutput piece in process.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                await _output.Writer.WriteAsync(new ProcessOutput(piece.IsError, piece.Bytes.ToArray()), cancellationToken).ConfigureAwait(false);
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

    private async Task FeedAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        if (_input is null)
        {
            return;
        }

        try
        {
            await foreach (ReadOnlyMemory<byte> bytes in _input.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!await process.WriteAsync(bytes, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            if (!_plan.EndInput)
            {
                return;
            }

            // Closing the input of a terminal hangs it up, with the output that is still in it (containerd's shim, cmd/containerd-shim-runc-v2).
            if (_terminal)
            {
                _ = await process.WriteAsync(ProcessInput.EndOfTransmission, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await process.CloseInputAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _input.Close();
        }
    }
}

/// <summary>A piece of what a process wrote.</summary>
/// <param name="IsError">Whether to its standard error.</param>
/// <param name="Bytes">The bytes; nobody else has them.</param>
internal sealed record ProcessOutput(bool IsError, byte[] Bytes);
