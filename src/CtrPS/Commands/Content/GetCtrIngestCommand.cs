using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrIngest: blobs that are being written, and what was left of such.</summary>
[Cmdlet(VerbsCommon.Get, "CtrIngest")]
[OutputType(typeof(CtrIngest))]
public sealed class GetCtrIngestCommand : CtrListCmdlet
{
    /// <summary>The writes: refs, wildcards, or objects. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The refs of the writes. Wildcards are allowed.")]
    [Alias("Ref", "Id", "Name")]
    [IngestIdentityTransformation]
    [ArgumentCompleter(typeof(IngestCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrIngestIdentity[]? Ingest { get; set; }

    /// <summary>Only those to which nothing was written since then, or for so long.</summary>
    [Parameter(HelpMessage = "Only writes that nothing came to since then: a date, a TimeSpan, or 90s, 10m, 1h30m, 2d ago.")]
    [MomentTransformation]
    public DateTimeOffset? OlderThan { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrIngestIdentity? wanted in Ingest ?? [null!])
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted?.Session, $"Write '{wanted?.Ref}'")));
        }
    }

    private void List(CtrIngestIdentity? wanted, CtrSession session)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted?.Namespace, $"Write '{wanted?.Ref}'");
        IReadOnlyList<CtrIngest> found = Await(
            token => IngestFinder.FindAsync(connection, namespaces, wanted ?? new CtrIngestIdentity("*"), token));
        foreach (CtrIngest ingest in found.Where(one => OlderThan is null || one.UpdatedAt < OlderThan))
        {
            ingest.Session = session;
            WriteObject(ingest);
        }

        if (found.Count == 0 && wanted is null)
        {
            WarnOfOthers(connection, session, namespaces, "unfinished writes", name =>
                Await(token => connection.Content.ListIngestsAsync(name, token)).Count > 0);
        }
    }
}
