using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the kinds of plugins that the daemon has.</summary>
public sealed class PluginTypeCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        AskAsync(boundParameters, async (_, connection) =>
        {
            IReadOnlyList<CtrPlugin> plugins = await connection.Server.ListPluginsAsync([], cancellationToken).ConfigureAwait(false);
            return plugins.GroupBy(plugin => plugin.Type, StringComparer.Ordinal).Where(type => GoesOn(type.Key, word))
                .Select(type => new CtrCandidate(type.Key, string.Join(", ", type.Select(plugin => plugin.Id))));
        }, cancellationToken);
}
