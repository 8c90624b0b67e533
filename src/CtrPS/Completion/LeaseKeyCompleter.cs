using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CtrPS.Completion;

/// <summary>Completes what a lease can be given, by its type, or where it is to lose something, what it holds.</summary>
public sealed class LeaseKeyCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(commandName);
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        string type = fakeBoundParameters["Type"]?.ToString()
            ?? (fakeBoundParameters.Contains("Snapshotter") ? CtrLeaseResource.Snapshots : CtrLeaseResource.Content);
        IArgumentCompleter? completer =
            commandName.StartsWith("Remove", StringComparison.OrdinalIgnoreCase) ? new HeldCompleter()
            : type == CtrLeaseResource.Content ? new ContentCompleter()
            : type == CtrLeaseResource.Ingests ? new IngestCompleter()
            : type == CtrLeaseResource.Images ? new ImageCompleter()
            : type.StartsWith(CtrLeaseResource.Snapshots, StringComparison.Ordinal) ? new SnapshotCompleter()
            : null;
        return completer?.CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters) ?? [];
    }

    private sealed class HeldCompleter : CtrCompleter
    {
        protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
            string word, IDictionary boundParameters, CancellationToken cancellationToken) => AskAsync(boundParameters, async (session, connection) =>
        {
            string lease = (boundParameters["Lease"] ?? boundParameters["Id"] ?? boundParameters["Name"])?.ToString() ?? "";
            string? type = boundParameters["Type"]?.ToString();
            var candidates = new List<CtrCandidate>();
            foreach (string name in await NamespacesAsync(connection, boundParameters["Namespace"], session, cancellationToken).ConfigureAwait(false))
            {
                foreach (CtrLease one in (await connection.Leases.ListAsync(name, [], cancellationToken).ConfigureAwait(false))
                    .Where(one => one.Id == lease))
                {
                    candidates.AddRange((await connection.Leases.ListResourcesAsync(one, cancellationToken).ConfigureAwait(false))
                        .Where(held => (type is null || held.Type == type) && GoesOn(held.Key, word))
                        .Select(held => new CtrCandidate(held.Key, $"{held.Type}, in {held.Namespace}")));
                }
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
