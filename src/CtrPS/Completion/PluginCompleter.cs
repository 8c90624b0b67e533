using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the names of plugins that the daemon has.</summary>
public sealed class PluginCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        AskAsync(boundParameters, async (_, connection) =>
        {
            IReadOnlyList<CtrPlugin> plugins = await connection.Server.ListPluginsAsync([], cancellationToken).ConfigureAwait(false);
            return plugins.GroupBy(plugin => plugin.Id, StringComparer.Ordinal).Where(name => GoesOn(name.Key, word))
                .OrderBy(name => name.Key, StringComparer.Ordinal)
                .Select(name => new CtrCandidate(name.Key, string.Join(", ", name.Select(plugin => plugin.Type))));
        }, cancellationToken);
}
