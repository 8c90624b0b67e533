using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>Copies images from one registry to another, or to another repository of the same. Blobs pass through and are stored nowhere.</summary>
internal static class RemoteImageCopier
{
    public static async Task<ICtrRemoteCopyPlan> PlanAsync(
        CtrRemoteCopyRequest request, RegistryClient from, RegistryClient to, CancellationToken cancellationToken)
    {
        RepositoryClient repository = from.Repository(request.Source);
        Descriptor target = await repository.ResolveAsync(request.Source.Digest ?? request.Source.Tag!, cancellationToken).ConfigureAwait(false);
        PlatformMatcher? wanted = request.Platforms.Count == 0 ? null : PlatformMatcher.Strict(request.Platforms);
        var source = new RegistrySource(
            repository, blob => wanted is null || blob.IsAttestation || blob.Platform is not { } one || wanted.Matches(one));
        var shipment = await Shipment.PlanAsync(
            new ShipmentOrder
            {
                Root = await ImageGraph.ReadAsync(source, target, cancellationToken).ConfigureAwait(false),
                Source = source,
                Rules = SelectionRules.ToGive(wanted is null ? CtrPlatformScope.All : CtrPlatformScope.Listed, request.Platforms),
                Name = request.Source.ToString(),
                What = repository.What,
                Done = "copied",
                Otherwise = "Copy what is whole by naming its platforms with -Platform.",
                Target = to.Repository(request.Target),
                Referrers = request.Referrers
                    ? (new Referrers(repository, from.HostsOf(request.Source.Registry)), new RegistrySource(repository, _ => true))
                    : null,
            },
            cancellationToken).ConfigureAwait(false);
        string digest = shipment.Top.Descriptor.Digest;
        return request.Target.Digest is { } named && named != digest
            ? throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"The {repository.What} cannot be copied to '{request.Target}': what would be there has the digest {digest}.")
            {
                Target = request.Target.ToString(),
                RecommendedAction = "Name a tag.",
            }
            : new CopyPlan(request, repository, shipment);
    }

    /// <inheritdoc/>
    private sealed class CopyPlan(CtrRemoteCopyRequest request, RepositoryClient from, Shipment shipment) : ICtrRemoteCopyPlan
    {
        public string Digest => shipment.Top.Descriptor.Digest;

        public int Blobs => shipment.Blobs.Count();

        public long Bytes => shipment.Blobs.Sum(blob => blob.Node.Descriptor.Size);

        public int Referrers => shipment.Referrers;

        public IReadOnlyList<string> Warnings => shipment.Warnings;

        public async Task<CtrCopiedImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            bool isSame = string.Equals(request.Source.Registry, request.Target.Registry, StringComparison.OrdinalIgnoreCase);
            Shipped shipped = await shipment.RunAsync(
                _ => isSame ? [request.Source.Repository] : [], askForAll: true, request.Concurrency, meter, cancellationToken).ConfigureAwait(false);
            return new CtrCopiedImage
            {
                Name = request.Source.ToString(),
                Target = request.Target.ToString(),
                Status = shipped.Status,
                Digest = Digest,
                Platforms = shipment.Platforms,
                SourceHost = RegistryFaults.Show(from.Served!.Root),
                Host = shipped.Host,
                ReferrerCount = Referrers,
                Pushed = shipped.Pushed,
                Mounted = shipped.Mounted,
                Skipped = shipped.Skipped,
                BytesSent = shipped.BytesSent,
                Duration = shipped.Duration,
            };
        }
    }
}
