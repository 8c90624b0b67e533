using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the kinds of what a lease can hold, with the snapshotters that work in the daemon.</summary>
public sealed class LeaseResourceTypeCompleter : CtrCompleter
{
    private static readonly CtrCandidate[] Known =
    [
        new(CtrLeaseResource.Content, "a blob, by its digest"),
        new(CtrLeaseResource.Images, "an image that would expire, by its name: containerd 2.0 and later"),
        new(CtrLeaseResource.Ingests, "an unfinished write, by its ref"),
    ];

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        AskAsync(boundParameters, async (_, connection) =>
        {
            string[] filters = ["type==io.containerd.snapshotter.v1"];
            IReadOnlyList<CtrPlugin> plugins = await connection.Server.ListPluginsAsync(filters, cancellationToken).ConfigureAwait(false);
            return Known
                .Concat(plugins
                    .Where(plugin => plugin.Status == CtrPluginStatus.Ok)
                    .Select(plugin => new CtrCandidate(CtrLeaseResource.Snapshots + plugin.Id, $"a snapshot of {plugin.Id}, by its key")))
                .Where(candidate => GoesOn(candidate.Text, word));
        }, cancellationToken);
}
