using CtrPS.StandIn.Pipelines;

namespace System.Management.Automation;

/// <summary>Base of all cmdlets: what they override, and what they say to the pipeline.</summary>
public abstract class Cmdlet
{
    /// <summary>The pipeline's side; set before the cmdlet runs.</summary>
    internal CommandRuntime Runtime { get; set; } = null!;

    public bool Stopping => false;

    public void WriteObject(object? sendToPipeline) => Runtime.WriteObject(sendToPipeline, enumerate: false);

    public void WriteObject(object? sendToPipeline, bool enumerateCollection) => Runtime.WriteObject(sendToPipeline, enumerateCollection);

    public void WriteError(ErrorRecord errorRecord) => Runtime.WriteError(errorRecord);

    public void WriteWarning(string text) => Runtime.WriteWarning(text);

    public void WriteVerbose(string text) => Runtime.WriteVerbose(text);

    /// <summary>Progress is for eyes: the stand-in has no bar.</summary>
    public void WriteProgress(ProgressRecord progressRecord) => ArgumentNullException.ThrowIfNull(progressRecord);

    public bool ShouldProcess(string target, string action) => Runtime.ShouldProcess(target, action);

    public bool ShouldContinue(string query, string caption) => CommandRuntime.ShouldContinue();

    [Diagnostics.CodeAnalysis.DoesNotReturn]
    public void ThrowTerminatingError(ErrorRecord errorRecord) => throw Runtime.Terminate(errorRecord);

    internal void Begin() => BeginProcessing();

    internal void Process() => ProcessRecord();

    internal void End() => EndProcessing();

    protected virtual void BeginProcessing()
    {
    }

    protected virtual void ProcessRecord()
    {
    }

    protected virtual void EndProcessing()
    {
    }

    /// <summary>Ctrl-C. Never called here: Ctrl-C ends the stand-in's process.</summary>
    protected virtual void StopProcessing()
    {
    }
}

/// <summary>Progress of an activity.</summary>
public sealed class ProgressRecord(int activityId, string activity, string statusDescription)
{
    public int ActivityId { get; } = activityId;

    public string Activity { get; } = activity;

    public string StatusDescription { get; set; } = statusDescription;

    public string? CurrentOperation { get; set; }

    public int ParentActivityId { get; set; } = -1;

    public int PercentComplete { get; set; } = -1;

    public int SecondsRemaining { get; set; } = -1;

    public ProgressRecordType RecordType { get; set; }
}

public enum ProgressRecordType
{
    Processing,
    Completed,
}
