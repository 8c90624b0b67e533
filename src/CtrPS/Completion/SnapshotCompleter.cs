using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the keys of snapshots.</summary>
public sealed class SnapshotCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        string[] given = boundParameters["Snapshotter"] switch
        {
            null => [],
            object[] many => [.. many.Select(one => one?.ToString() ?? "")],
            var one => [one.ToString() ?? ""],
        };
        return AskAsync(boundParameters, async (session, connection) =>
        {
            var candidates = new List<CtrCandidate>();
            IReadOnlyList<string> all = await connection.Snapshots.ListSnapshottersAsync(cancellationToken).ConfigureAwait(false);
            foreach (string name in await NamespacesAsync(connection, boundParameters["Namespace"], session, cancellationToken).ConfigureAwait(false))
            {
                foreach (string snapshotter in all.Where(one => given.Length == 0 || given.Contains(one)))
                {
                    candidates.AddRange((await connection.Snapshots.ListAsync(name, snapshotter, cancellationToken).ConfigureAwait(false))
                        .Where(one => GoesOn(one.Key, word))
                        .Select(one => new CtrCandidate(one.Key, $"{one.Kind}, {snapshotter}, in {name}")));
                }
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
