using CtrPS.Client.Connection;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class ImageReceiver(ContainerdConnection connection) : IImageReceiver
{
    public async Task<ICtrReceivePlan> PlanAsync(CtrReceiveRequest request, ICtrRegistries registries, CancellationToken cancellationToken)
    {
        string? snapshotter = request.Unpack
            ? await connection.Unpacker.ChooseSnapshotterAsync(request.Namespace, request.Snapshotter, cancellationToken).ConfigureAwait(false)
            : null;
        CtrPlatform host = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        var client = (RegistryClient)registries;
        RepositoryClient repository = client.Repository(request.Reference);
        Descriptor target = await repository.ResolveAsync(
            request.Reference.Digest ?? request.Reference.Tag!, cancellationToken).ConfigureAwait(false);
        SelectionRules rules = SelectionRules.ToReceive(
            request.AllPlatforms ? CtrPlatformScope.All : CtrPlatformScope.Listed, request.Platforms, host);
        var source = new RegistrySource(repository, blob => IsWanted(blob, rules));
        ImageNode root = await ImageGraph.ReadAsync(source, target, cancellationToken).ConfigureAwait(false);
        var selection = ImageSelection.Of(root, rules);
        await MoveChecks.RequireAsync(
            $"The {repository.What} cannot be received", request.Reference.ToString(), source, selection, otherwise: null, cancellationToken)
            .ConfigureAwait(false);
        var besides = new RegistrySource(repository, _ => true);
        ReferrerSet referrers = request.Referrers
            ? await new ReferrerWalk(new Referrers(repository, client.HostsOf(request.Reference.Registry)), besides, repository.What)
                .FindAsync(selection.Nodes, cancellationToken).ConfigureAwait(false)
            : ReferrerSet.None(besides);
        NamespaceView there = await NamespaceView.ReadAsync(
            connection, request.Namespace, [request.Reference.ToString()], snapshotter, cancellationToken).ConfigureAwait(false);
        ImageNode? runnable = selection.Runnable(PlatformMatcher.Only(host));
        IReadOnlyList<ImageNode> unpacked = request.Platforms.Count > 0 ? selection.Images : runnable is null ? [] : [runnable];
        List<string> warnings = [.. referrers.LeftOut];
        if (request.Unpack && unpacked.Count == 0)
        {
            string platforms = string.Join(", ", selection.Images.Select(manifest => manifest.Platform?.ToString()).OfType<string>().Distinct());
            string fact = platforms.Length > 0 ? $"for {platforms}, but the daemon runs {host}" : "of no platform's file system";
            warnings.Add($"The {repository.What} is {fact}: it is not unpacked.");
        }

        return new ReceivePlan(
            connection, request, repository, source, selection, besides, referrers, there, snapshotter, unpacked, runnable, warnings);
    }

    /// <summary>An index's entries of platforms that nobody asked for are not fetched; what gives no platform may be the wanted one.</summary>
    private static bool IsWanted(Descriptor blob, SelectionRules rules) => rules.Scope == CtrPlatformScope.All
        || (!blob.IsAttestation && (blob.Platform is not { } platform || rules.Platforms.Any(wanted => wanted.Matches(platform))));
}
