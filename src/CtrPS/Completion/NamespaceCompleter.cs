using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the names of namespaces.</summary>
public sealed class NamespaceCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        AskAsync(boundParameters, async (_, connection) =>
        {
            IReadOnlyList<CtrNamespace> namespaces = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
            return namespaces.Where(one => GoesOn(one.Name, word)).Select(one => new CtrCandidate(one.Name, $"namespace {one.Name}"));
        }, cancellationToken);
}
