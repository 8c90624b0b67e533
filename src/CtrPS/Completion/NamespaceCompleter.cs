using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the names of namespaces.</summary>
public sealed class NamespaceCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override async Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        ICtrConnection connection = await ConnectAsync(boundParameters, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<CtrNamespace> namespaces = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        return namespaces.Where(one => GoesOn(one.Name, word)).Select(one => new CtrCandidate(one.Name, $"namespace {one.Name}"));
    }
}
