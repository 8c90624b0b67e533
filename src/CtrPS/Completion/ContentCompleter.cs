using System.Collections;
using CtrPS.Output;

namespace CtrPS.Completion;

/// <summary>Completes the digests of blobs, from their first digits with or without the algorithm.</summary>
public sealed class ContentCompleter : CtrCompleter
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
                candidates.AddRange((await connection.Content.ListAsync(name, mediaTypes: false, cancellationToken).ConfigureAwait(false))
                    .Where(one => GoesOn(one.Digest, word) || GoesOn(one.Digest[(one.Digest.IndexOf(':', StringComparison.Ordinal) + 1)..], word))
                    .Select(one => new CtrCandidate(one.Digest, $"{one.Kind}, {CtrFormat.Size(one.Size)}, in {one.Namespace}")));
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
