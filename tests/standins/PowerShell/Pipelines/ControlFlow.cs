using System.Management.Automation;

namespace CtrPS.StandIn.Pipelines;

/// <summary>A cmdlet has enough: those before it end. Goes through their WriteObject.</summary>
internal sealed class StopUpstreamException(Cmdlet requester) : Exception("enough")
{
    public Cmdlet Requester { get; } = requester;
}

/// <summary>A cmdlet ends the pipeline with an error.</summary>
internal sealed class TerminatingErrorException(ErrorRecord record) : Exception(record.Exception.Message, record.Exception)
{
    public ErrorRecord Record { get; } = record;
}
