using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the keys of orphans.</summary>
public sealed class OrphanCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        return AskAsync(boundParameters, async (_, connection) =>
        {
            string? wanted = boundParameters["Namespace"]?.ToString();
            return (await connection.Storage.FindOrphansAsync(
                name => wanted is null || name == wanted, TimeSpan.FromHours(1), deep: false, cancellationToken)
                .ConfigureAwait(false)).Orphans
                .Where(one => GoesOn(one.Key, word))
                .Select(one => new CtrCandidate(one.Key, $"{one.Kind} in {one.Namespace}: {one.Reason}"))
                .DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
