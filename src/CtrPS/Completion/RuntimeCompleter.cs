using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes runtimes: runc's shim, what the namespaces have as their default, and what containers were made with.</summary>
public sealed class RuntimeCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        return AskAsync(boundParameters, async (session, connection) =>
        {
            var runtimes = new SortedSet<string>(StringComparer.Ordinal) { ContainerNames.RuncRuntime };
            foreach (CtrNamespace one in await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
            {
                if (one.Labels.TryGetValue(ContainerNames.DefaultRuntimeLabel, out string? runtime) && runtime.Length > 0)
                {
                    _ = runtimes.Add(runtime);
                }
            }

            foreach (string name in await NamespacesAsync(connection, boundParameters["Namespace"], session, cancellationToken).ConfigureAwait(false))
            {
                var all = new CtrContainerQuery { Namespace = name };
                await foreach (CtrContainer container in connection.Containers.ListAsync(all, cancellationToken).ConfigureAwait(false))
                {
                    _ = runtimes.Add(container.Runtime);
                }
            }

            return runtimes.Where(runtime => GoesOn(runtime, word)).Select(runtime => new CtrCandidate(runtime, runtime));
        }, cancellationToken);
    }
}
