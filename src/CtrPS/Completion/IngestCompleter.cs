using System.Collections;
using CtrPS.Output;

namespace CtrPS.Completion;

/// <summary>Completes the refs of unfinished writes.</summary>
public sealed class IngestCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        return AskAsync(boundParameters, async (session, connection) =>
        {
            var candidates = new List<CtrCandidate>();
            foreach (string name in await NamespacesAsync(connection, boundParameters["Namespace"], session, cancellationToken).ConfigureAwait(false))
            {
                candidates.AddRange((await connection.Content.ListIngestsAsync(name, cancellationToken).ConfigureAwait(false))
                    .Where(ingest => GoesOn(ingest.Ref, word))
                    .Select(ingest => new CtrCandidate(
                        ingest.Ref, $"{CtrFormat.Size(ingest.Offset)} of {(ingest.Total is { } total ? CtrFormat.Size(total) : "?")}, in {name}")));
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
