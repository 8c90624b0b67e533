using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>
/// Base of all cmdlets: cancellation, asynchronous work pulled on the pipeline's thread, and errors. Nothing is ever written from another
/// thread.
/// </summary>
public abstract class CtrCmdlet : CtrTextCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Cancelled by Ctrl-C. Select-Object -First does not cancel it: <see cref="Pull"/> ends the call in its finally.</summary>
    internal CancellationToken StopToken => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The pipeline is over, however it ended: the only call that comes for sure.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The pipeline ended at the same moment: there is nothing left to stop.
        }
    }

    /// <summary>The cmdlet that the engine made, of which this may be the instance for one of several sessions.</summary>
    internal CtrCmdlet Whole => CommandRuntime is NodeRuntime node ? node.Cmdlet : this;

    /// <summary>What <c>$LASTEXITCODE</c> was set to. Null: it was not.</summary>
    internal int? FirstExitCode { get; set; }

    /// <summary>Ends the work of an instance that is one of several, as the engine does it for the one that it made.</summary>
    internal void StopNode() => StopProcessing();

    /// <summary>
    /// Does what needs the engine (its variables, its providers, a script block) on the pipeline's thread: an instance for one of several sessions
    /// runs on a thread of its own.
    /// </summary>
    internal T OnPipeline<T>(Func<T> work) => CommandRuntime is NodeRuntime node ? node.Ask(work) : work();

    /// <summary>Waits for asynchronous work.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return work(StopToken).GetAwaiter().GetResult();
    }

    /// <summary>Waits for asynchronous work without a result.</summary>
    private protected void Await(Func<CancellationToken, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        work(StopToken).GetAwaiter().GetResult();
    }

    /// <summary>
    /// Waits for work that moves many bytes and shows how far it is: at most five times a second, and not at all where it takes less. However the
    /// wait ends, the work is cancelled, its end waited for and the progress taken away.
    /// </summary>
    /// <param name="activity">What is done, in words.</param>
    /// <param name="work">The work; it counts in the meter.</param>
    internal T AwaitTransfer<T>(string activity, Func<CtrTransferMeter, CancellationToken, Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var call = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        var progress = new TransferProgress(this, activity);
        Task<T> task = work(progress.Meter, call.Token);
        try
        {
            return progress.Wait(task);
        }
        finally
        {
            call.Cancel();
            _ = Task.WaitAny([task], CancellationToken.None);
            progress.End();
        }
    }

    /// <summary>
    /// Reads a stream on the pipeline's thread, one element at a time. However the loop ends (stop, Select-Object -First, an error downstream),
    /// the call behind it is cancelled and its end waited for.
    /// </summary>
    private protected IEnumerable<T> Pull<T>(Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var call = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        IAsyncEnumerator<T> elements = source(call.Token).GetAsyncEnumerator(call.Token);
        try
        {
            while (elements.MoveNextAsync().AsTask().GetAwaiter().GetResult())
            {
                yield return elements.Current;
            }
        }
        finally
        {
            call.Cancel();
            elements.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary><see cref="Pull"/> for work that moves many bytes, with the progress of <see cref="AwaitTransfer"/>.</summary>
    /// <param name="activity">What is done, in words.</param>
    /// <param name="source">The work; it counts in the meter.</param>
    private protected IEnumerable<T> PullTransfer<T>(string activity, Func<CtrTransferMeter, CancellationToken, IAsyncEnumerable<T>> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var call = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        var progress = new TransferProgress(this, activity);
        IAsyncEnumerator<T> elements = source(progress.Meter, call.Token).GetAsyncEnumerator(call.Token);
        Task<bool> next = Task.FromResult(false);
        try
        {
            while (progress.Wait(next = elements.MoveNextAsync().AsTask()))
            {
                yield return elements.Current;
            }
        }
        finally
        {
            call.Cancel();
            _ = Task.WaitAny([next], CancellationToken.None);
            elements.DisposeAsync().AsTask().GetAwaiter().GetResult();
            progress.End();
        }
    }

    /// <summary>
    /// Does asynchronous work for several objects side by side and goes on with the results on the pipeline's thread, as <see cref="Guard"/> does.
    /// However it ends, the rest is cancelled and its end waited for.
    /// </summary>
    /// <param name="items">The objects.</param>
    /// <param name="width">How many at a time, with the results in the objects' order. Null: all at once, with the results as they come.</param>
    /// <param name="work">The work.</param>
    /// <param name="target">What error records name for an object.</param>
    /// <param name="done">What to do with a result.</param>
    private protected void ForEachAtOnce<TItem, TResult>(
        IEnumerable<TItem> items,
        int? width,
        Func<TItem, CancellationToken, Task<TResult>> work,
        Func<TItem, object?> target,
        Action<TItem, TResult> done)
    {
        foreach ((TItem item, Task<TResult> result) in Pull(token => width is { } many
            ? OrderedParallel.SelectAsync(items, many, OutcomeAsync, token)
            : CompletionOrder.SelectAsync(items, OutcomeAsync, token)))
        {
            Guard(target(item), () => done(item, result.GetAwaiter().GetResult()));
        }

        async Task<(TItem Item, Task<TResult> Result)> OutcomeAsync(TItem item, CancellationToken cancellationToken)
        {
            Task<TResult> result = work(item, cancellationToken);
            await ((Task)result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return (item, result);
        }
    }

    /// <summary>
    /// Does work for several images side by side, with a bar for each and one for all, and goes on with the results on the pipeline's thread in the
    /// order of the images.
    /// </summary>
    private protected void ForEachMoved<TItem, TResult>(
        string activity,
        IReadOnlyList<TItem> items,
        int width,
        Func<TItem, string> name,
        Func<TItem, CtrTransferMeter, CancellationToken, Task<TResult>> work,
        Action<TItem, TResult> done)
    {
        foreach ((TItem item, Task<TResult> result) in PullTransfer(
            activity, (meter, token) => OrderedParallel.SelectAsync(items, width, (item, stop) => OutcomeAsync(item, meter, stop), token)))
        {
            Guard(name(item), () => done(item, result.GetAwaiter().GetResult()));
        }

        async Task<(TItem Item, Task<TResult> Result)> OutcomeAsync(TItem item, CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            CtrTransferMeter part = meter.Part(name(item));
            Task<TResult> result = BeginAsync();
            await ((Task)result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            part.End();
            return (item, result);

            async Task<TResult> BeginAsync() => await work(item, part, cancellationToken).ConfigureAwait(false); // whatever it throws at once, too
        }
    }

    /// <summary>
    /// Does the work for one object: an error about it is written and the pipeline goes on; where nothing else can work either (nobody answers
    /// at the address) it ends the cmdlet.
    /// </summary>
    /// <param name="target">The object, for the error record. Null: what the error names.</param>
    /// <param name="work">The work.</param>
    internal void Guard(object? target, Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            work();
        }
        catch (CtrException e)
        {
            OnFailure(e);
            if (e.IsConnectionFault)
            {
                ThrowTerminatingError(ErrorFactory.From(e, e.Target));
            }

            WriteError(ErrorFactory.From(e, target));
        }
        catch (WildcardPatternException e)
        {
            string message = $"'{target}' is not a valid wildcard pattern. A '[' that stands for itself is written '`['.";
            WriteError(ErrorFactory.From(new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message, e), target));
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Does what comes before the first object, such as a look at the parameters: an error of it ends the cmdlet.</summary>
    private protected void OrEnd(Action work)
    {
        try
        {
            work();
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(ErrorFactory.From(e, e.Target));
        }
    }

    /// <summary>The work for one object failed; its error is about to be written or thrown.</summary>
    private protected virtual void OnFailure(CtrException error)
    {
    }

    /// <summary>
    /// Gives a file or a folder as Get-Item does: its view has mode, owner and size, and the next cmdlet takes its path for the file itself, whatever
    /// characters are in it.
    /// </summary>
    private protected void WriteItem(FileSystemInfo item)
    {
        try
        {
            string path = $@"Microsoft.PowerShell.Core\FileSystem::{item.FullName}";
            WriteObject(OnPipeline(() => InvokeProvider.Item.Get([path], force: true, literalPath: true)), enumerateCollection: true);
        }
        catch (ItemNotFoundException)
        {
            WriteObject(item); // another program has moved it meanwhile
        }
    }

    /// <summary>Whether only what would be done is to be said.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? given is SwitchParameter { IsPresent: true }
        : OnPipeline(() => LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference")));

    /// <summary>
    /// Asks whether to go on. <paramref name="force"/> skips the question, as users expect of -Force, unless -Confirm asks for it; it never
    /// skips -WhatIf.
    /// </summary>
    private protected bool Confirm(string target, string action, bool force)
    {
        if (force && !IsWhatIf && !MyInvocation.BoundParameters.ContainsKey("Confirm"))
        {
            WriteVerbose($"{action} {target}.");
            return true;
        }

        return ShouldProcess(target, action);
    }
}
