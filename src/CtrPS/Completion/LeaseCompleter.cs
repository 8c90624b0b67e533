using System.Collections;
using System.Globalization;

namespace CtrPS.Completion;

/// <summary>Completes the ids of leases.</summary>
public sealed class LeaseCompleter : CtrCompleter
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
                candidates.AddRange((await connection.Leases.ListAsync(name, [], cancellationToken).ConfigureAwait(false))
                    .Where(lease => GoesOn(lease.Id, word))
                    .Select(lease => new CtrCandidate(lease.Id, Describe(lease))));
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }

    private static string Describe(CtrLease lease)
    {
        string until = lease.ExpiresAt is { } end ? end.ToString("g", CultureInfo.CurrentCulture) : "it is removed";
        return $"{lease.State} until {until}, in {lease.Namespace}";
    }
}
