using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the snapshotters that work in the daemon.</summary>
public sealed class SnapshotterCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        AskAsync(boundParameters, async (_, connection) =>
        {
            string[] filters = ["type==io.containerd.snapshotter.v1"];
            IReadOnlyList<CtrPlugin> plugins = await connection.Server.ListPluginsAsync(filters, cancellationToken).ConfigureAwait(false);
            return plugins
                .Where(plugin => plugin.Status == CtrPluginStatus.Ok && GoesOn(plugin.Id, word))
                .Select(plugin => new CtrCandidate(plugin.Id, $"snapshotter {plugin.Id}"));
        }, cancellationToken);
}
