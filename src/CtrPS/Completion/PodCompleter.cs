using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the names of pods that have containers.</summary>
public sealed class PodCompleter : CtrCompleter
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
                var all = new CtrContainerQuery { Namespace = name };
                await foreach (CtrContainer container in connection.Containers.ListAsync(all, cancellationToken).ConfigureAwait(false))
                {
                    if (container.PodName is { } pod && GoesOn(pod, word))
                    {
                        candidates.Add(new CtrCandidate(pod, $"pod {pod} in Kubernetes' namespace {container.PodNamespace}"));
                    }
                }
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }
}
