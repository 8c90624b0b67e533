using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Stop-CtrIngest: throws unfinished writes away.</summary>
[Cmdlet(VerbsLifecycle.Stop, "CtrIngest", SupportsShouldProcess = true)]
[OutputType(typeof(CtrIngest))]
public sealed class StopCtrIngestCommand : CtrSessionCmdlet
{
    /// <summary>To whom nothing came for as long, nobody is at work on: a slow registry sends something more often.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    /// <summary>The writes: refs, wildcards, or objects.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The refs of the writes. Wildcards are allowed.")]
    [Alias("Ref", "Id", "Name")]
    [IngestIdentityTransformation]
    [ArgumentCompleter(typeof(IngestCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrIngestIdentity[] Ingest { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Throw away, too, what somebody is at work on.</summary>
    [Parameter(HelpMessage = "Throw away, too, what somebody is at work on: whoever it is fails.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return what was thrown away.</summary>
    [Parameter(HelpMessage = "Return what was thrown away.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrIngestIdentity wanted in Ingest)
        {
            Guard(wanted, () =>
            {
                string words = $"Write '{wanted.Ref}'";
                CtrSession session = SessionOf(wanted.Session, words);
                string name = NamespaceOf(wanted.Namespace, Namespace, session, words);
                ICtrConnection connection = Connect(session);
                foreach (CtrIngest ingest in Await(token => IngestFinder.FindAsync(connection, [name], wanted, token)))
                {
                    ingest.Session = session;
                    Guard(ingest, () => Stop(ingest, wanted.Ingest, session, connection));
                }
            });
        }
    }

    private void Stop(CtrIngest ingest, CtrIngest? seen, CtrSession session, ICtrConnection connection)
    {
        string words = $"unfinished write '{ingest.Ref}' in namespace '{ingest.Namespace}'";
        string? why = ingest.ProcessId is { } process ? $"the process {process} of this machine is at work on it"
            : seen is not null && seen.StartedAt == ingest.StartedAt && seen.Offset < ingest.Offset ? "it has grown since it was looked at"
            : ingest.UpdatedAt > DateTimeOffset.Now - Quiet ? $"something was written to it in the last {Quiet.TotalSeconds:0} seconds"
            : null;
        if (why is not null && !Force)
        {
            throw new CtrException(
                CtrErrorIds.IngestInUse, CtrStatus.FailedPrecondition, $"The {words} was not thrown away: {why}.")
            {
                Target = ingest.Ref,
                RecommendedAction = "Wait until it is done or nothing comes any more, or use -Force: whoever writes it fails then.",
            };
        }

        if (!ShouldProcess(session, words, $"Throw its {ingest.Offset} bytes away"))
        {
            return;
        }

        if (!Await(token => connection.Content.AbortAsync(ingest, token)))
        {
            WriteVerbose($"The {words} was done or thrown away by another client meanwhile.");
        }
        else if (PassThru)
        {
            WriteObject(ingest);
        }
    }
}
