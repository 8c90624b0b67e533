using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the ids of containers.</summary>
public sealed class ContainerCompleter : CtrCompleter
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
                var query = new CtrContainerQuery { Namespace = name, Match = id => GoesOn(id, word) };
                await foreach (CtrContainer container in connection.Containers.ListAsync(query, cancellationToken).ConfigureAwait(false))
                {
                    candidates.Add(new CtrCandidate(container.Id, Describe(container)));
                }
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }

    private static string Describe(CtrContainer container)
    {
        string pod = container.PodName is null ? "" : $", {container.ContainerName ?? "sandbox"} of pod {container.PodNamespace}/{container.PodName}";
        string state = container.State == CtrTaskState.None ? "not started" : $"{container.State}";
        string image = container.Image.Length == 0 ? "no image" : container.Image;
        return $"{state}, {image}, in {container.Namespace}{pod}";
    }
}
