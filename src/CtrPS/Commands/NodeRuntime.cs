using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Runtime.ExceptionServices;

namespace CtrPS.Commands;

/// <summary>Something to be done on the pipeline's thread, for a thread that waits for it.</summary>
internal sealed class PipelineCall(Func<object?> work)
{
    private readonly TaskCompletionSource<object?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for the result.</summary>
    public object? Wait() => _done.Task.GetAwaiter().GetResult();

    /// <summary>Does it. What it throws ends the pipeline, and the one who waits.</summary>
    public ExceptionDispatchInfo? Run()
    {
        try
        {
            _done.SetResult(work());
            return null;
        }
        catch (Exception e)
        {
            Refuse(new PipelineStoppedException());
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <summary>Does not do it.</summary>
    public void Refuse(Exception reason) => _done.SetException(reason);
}

/// <summary>An error ended a cmdlet at one of its sessions.</summary>
internal sealed class NodeEndedException(ErrorRecord error) : Exception(error.Exception.Message, error.Exception)
{
    /// <summary>The error.</summary>
    public ErrorRecord ErrorRecord { get; } = error;
}

/// <summary>
/// What an instance of a cmdlet for one of several sessions writes to: everything is done by the cmdlet that the engine made, on the pipeline's
/// thread, and what is told names the session's address.
/// </summary>
internal sealed class NodeRuntime(CtrCmdlet cmdlet, string address, int index) : ICommandRuntime2
{
    /// <summary>Ids of a session's progress records begin here, so that those of two sessions are two lines.</summary>
    private const int ActivityIds = 1000;

    private readonly Queue<Action> _kept = new();
    private readonly ICommandRuntime _pipeline = cmdlet.CommandRuntime;

    /// <summary>The cmdlet that the engine made.</summary>
    public CtrCmdlet Cmdlet => cmdlet;

    /// <summary>Whether objects are kept until it is this session's turn. Of the pipeline's thread, once the part has begun.</summary>
    public bool MustWait { get; set; }

    /// <summary>Whether the part of the work is done that is under way. Of the pipeline's thread, once the part has begun.</summary>
    public bool IsDone { get; set; }

    /// <summary>Where the pipeline's thread takes its work from.</summary>
    public BlockingCollection<PipelineCall>? Calls { get; set; }

    /// <summary>It is this session's turn: writes what was kept, and keeps nothing more.</summary>
    public void WriteKept()
    {
        MustWait = false;
        while (_kept.TryDequeue(out Action? write))
        {
            write();
        }
    }

    /// <inheritdoc/>
    public PSHost Host => _pipeline.Host;

    /// <inheritdoc/>
    public PSTransactionContext CurrentPSTransaction => _pipeline.CurrentPSTransaction;

    /// <summary>Asks the engine for something on the pipeline's thread. An error is the caller's.</summary>
    public T Ask<T>(Func<T> work)
    {
        (T? result, ExceptionDispatchInfo? error) = OnPipeline<(T?, ExceptionDispatchInfo?)>(() =>
        {
            try
            {
                return (work(), null);
            }
            catch (Exception e) when (e is not PipelineStoppedException)
            {
                return (default, ExceptionDispatchInfo.Capture(e));
            }
        });
        error?.Throw();
        return result!;
    }

    /// <inheritdoc/>
    public void WriteObject(object sendToPipeline) => Do(() => Write(() => _pipeline.WriteObject(ToGroup(sendToPipeline))));

    /// <inheritdoc/>
    public void WriteObject(object sendToPipeline, bool enumerateCollection) =>
        Do(() => Write(() => _pipeline.WriteObject(sendToPipeline, enumerateCollection)));

    /// <inheritdoc/>
    public void WriteError(ErrorRecord errorRecord)
    {
        ArgumentNullException.ThrowIfNull(errorRecord);
        string? details = errorRecord.ErrorDetails?.Message;
        string message = string.IsNullOrEmpty(details) ? errorRecord.Exception.Message : details;
        errorRecord.ErrorDetails = new ErrorDetails(Told(message)) { RecommendedAction = errorRecord.ErrorDetails?.RecommendedAction };
        Do(() => _pipeline.WriteError(errorRecord));
    }

    /// <inheritdoc/>
    public void WriteWarning(string text) => Do(() => _pipeline.WriteWarning(Told(text)));

    /// <inheritdoc/>
    public void WriteVerbose(string text) => Do(() => _pipeline.WriteVerbose(Told(text)));

    /// <inheritdoc/>
    public void WriteDebug(string text) => Do(() => _pipeline.WriteDebug(Told(text)));

    /// <inheritdoc/>
    public void WriteCommandDetail(string text) => Do(() => _pipeline.WriteCommandDetail(text));

    /// <inheritdoc/>
    public void WriteInformation(InformationRecord informationRecord) =>
        Do(() => (_pipeline as ICommandRuntime2)?.WriteInformation(informationRecord));

    /// <inheritdoc/>
    public void WriteProgress(ProgressRecord progressRecord)
    {
        ProgressRecord own = Own(progressRecord);
        Do(() => _pipeline.WriteProgress(own));
    }

    /// <inheritdoc/>
    public void WriteProgress(long sourceId, ProgressRecord progressRecord)
    {
        ProgressRecord own = Own(progressRecord);
        Do(() => _pipeline.WriteProgress(sourceId, own));
    }

    /// <inheritdoc/>
    public bool ShouldProcess(string target) => OnPipeline(() => _pipeline.ShouldProcess(target));

    /// <inheritdoc/>
    public bool ShouldProcess(string target, string action) => OnPipeline(() => _pipeline.ShouldProcess(target, action));

    /// <inheritdoc/>
    public bool ShouldProcess(string verboseDescription, string verboseWarning, string caption) =>
        OnPipeline(() => _pipeline.ShouldProcess(verboseDescription, verboseWarning, caption));

    /// <inheritdoc/>
    public bool ShouldProcess(string verboseDescription, string verboseWarning, string caption, out ShouldProcessReason shouldProcessReason)
    {
        (bool answer, shouldProcessReason) = OnPipeline(() =>
        {
            bool may = _pipeline.ShouldProcess(verboseDescription, verboseWarning, caption, out ShouldProcessReason why);
            return (may, why);
        });
        return answer;
    }

    /// <inheritdoc/>
    public bool ShouldContinue(string query, string caption) => OnPipeline(() => _pipeline.ShouldContinue(query, caption));

    /// <inheritdoc/>
    public bool ShouldContinue(string query, string caption, ref bool yesToAll, ref bool noToAll)
    {
        (bool yes, bool no) = (yesToAll, noToAll);
        (bool answer, yesToAll, noToAll) = OnPipeline(() =>
        {
            bool may = _pipeline.ShouldContinue(query, caption, ref yes, ref no);
            return (may, yes, no);
        });
        return answer;
    }

    /// <inheritdoc/>
    public bool ShouldContinue(string query, string caption, bool hasSecurityImpact, ref bool yesToAll, ref bool noToAll) =>
        ShouldContinue(query, caption, ref yesToAll, ref noToAll);

    /// <inheritdoc/>
    public bool TransactionAvailable() => _pipeline.TransactionAvailable();

    /// <inheritdoc/>
    public void ThrowTerminatingError(ErrorRecord errorRecord) => throw new NodeEndedException(errorRecord);

    /// <summary>Does something on the pipeline's thread and waits for it. An error ends the pipeline.</summary>
    public void Do(Action work) => OnPipeline(() =>
    {
        work();
        return true;
    });

    private T OnPipeline<T>(Func<T> work)
    {
        var call = new PipelineCall(() => work());
        Calls!.Add(call);
        return (T)call.Wait()!;
    }

    /// <summary>These come without a group of their own: where several sessions write them, their views group them by the address.</summary>
    private static object ToGroup(object item)
    {
        if (item is not (CtrEvent or CtrLogLine))
        {
            return item;
        }

        var told = new PSObject(item);
        told.TypeNames.Insert(0, item.GetType().FullName + "#Node");
        return told;
    }

    private void Write(Action write)
    {
        if (MustWait)
        {
            _kept.Enqueue(write);
        }
        else
        {
            write();
        }
    }

    private string Told(string text) => text.Contains(address, StringComparison.Ordinal) ? text : $"{address}: {text}";

    private ProgressRecord Own(ProgressRecord record)
    {
        int id = ((index + 1) * ActivityIds) + record.ActivityId;
        return new ProgressRecord(id, Told(record.Activity), record.StatusDescription)
        {
            CurrentOperation = record.CurrentOperation,
            ParentActivityId = record.ParentActivityId,
            PercentComplete = record.PercentComplete,
            RecordType = record.RecordType,
            SecondsRemaining = record.SecondsRemaining,
        };
    }
}
