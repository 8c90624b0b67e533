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
        RepositoryClient repository = ((RegistryClient)registries).Repository(request.Reference);
        Descriptor target = await repository.ResolveAsync(
            request.Reference.Digest ?? request.Reference.Tag!, cancellationToken).ConfigureAwait(false);
        SelectionRules rules = SelectionRules.ToReceive(
            request.AllPlatforms ? CtrPlatformScope.All : CtrPlatformScope.Listed, request.Platforms, host);
        var source = new RegistrySource(repository, blob => IsWanted(blob, rules));
        ImageNode root = await ImageGraph.ReadAsync(source, target, cancellationToken).ConfigureAwait(false);
        var selection = ImageSelection.Of(root, rules);
        await RefuseFaultsAsync(repository, source, selection, cancellationToken).ConfigureAwait(false);
        NamespaceView there = await NamespaceView.ReadAsync(
            connection, request.Namespace, [request.Reference.ToString()], snapshotter, cancellationToken).ConfigureAwait(false);
        ImageNode? runnable = selection.Runnable(PlatformMatcher.Only(host));
        IReadOnlyList<ImageNode> unpacked = request.Platforms.Count > 0 ? selection.Images : runnable is null ? [] : [runnable];
        var warnings = new List<string>();
        if (request.Unpack && unpacked.Count == 0)
        {
            string platforms = string.Join(", ", selection.Images.Select(manifest => manifest.Platform?.ToString()).OfType<string>().Distinct());
            string fact = platforms.Length > 0 ? $"for {platforms}, but the daemon runs {host}" : "of no platform's file system";
            warnings.Add($"The {repository.What} is {fact}: it is not unpacked.");
        }

        return new ReceivePlan(connection, request, repository, source, selection, there, snapshotter, unpacked, runnable, warnings);
    }

    /// <summary>An index's entries of platforms that nobody asked for are not fetched; what gives no platform may be the wanted one.</summary>
    private static bool IsWanted(Descriptor blob, SelectionRules rules) => rules.Scope == CtrPlatformScope.All
        || (!blob.IsAttestation && (blob.Platform is not { } platform || rules.Platforms.Any(wanted => wanted.Matches(platform))));

    /// <summary>All that is in the way is told before a byte of a layer moves.</summary>
    private static async Task RefuseFaultsAsync(
        RepositoryClient repository, RegistrySource source, ImageSelection selection, CancellationToken cancellationToken)
    {
        string cannot = $"The {repository.What} cannot be received";
        ImageNode[] broken = [.. selection.Broken];
        if (broken.Length > 0 && selection.Root.Fault is { } fault && broken.Contains(selection.Root))
        {
            throw fault;
        }

        if (selection.AbsentPlatforms is [{ } absent, ..])
        {
            throw BlobFaults.NoPlatform(cannot, selection, absent, repository.Reference.ToString());
        }

        var faults = new List<CtrBlobFault>();
        foreach (ImageNode node in broken)
        {
            faults.Add(await BlobFaults.OfAsync(node, selection.ManifestOf(node), source, cancellationToken).ConfigureAwait(false));
        }

        if (faults.Count > 0)
        {
            throw BlobFaults.Refuse(cannot, faults);
        }
    }
}
