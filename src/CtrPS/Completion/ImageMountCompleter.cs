using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the folders in which images are mounted.</summary>
public sealed class ImageMountCompleter : CtrCompleter
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
                candidates.AddRange((await connection.Mounts.ListAsync(name, cancellationToken).ConfigureAwait(false))
                    .Where(mount => GoesOn(mount.Path, word) || GoesOn(mount.Name, word))
                    .Select(mount => new CtrCandidate(
                        mount.Path, $"{mount.Name}, {(mount.IsWritable ? "writable" : "read-only")}, in {mount.Namespace}")));
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
