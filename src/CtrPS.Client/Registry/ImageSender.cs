using System.Collections.Concurrent;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class ImageSender(ContainerdConnection connection) : IImageSender
{
    private readonly ConcurrentDictionary<string, NamespaceReferrers.Document> _documents = new(StringComparer.Ordinal);

    public async Task<ICtrSendPlan> PlanAsync(CtrSendRequest request, ICtrRegistries registries, CancellationToken cancellationToken)
    {
        string @namespace = request.Image.Namespace;
        var source = new ImageSource(connection, @namespace, listed: false, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(Records.TargetOf(request.Image)).ConfigureAwait(false);
        (IReferrerSource, IBlobSource)? referrers = null;
        if (request.Referrers)
        {
            IReadOnlyDictionary<string, BlobInfo> listing =
                await connection.Content.ListByDigestAsync(@namespace, cancellationToken).ConfigureAwait(false);
            referrers = (new NamespaceReferrers(source, listing, _documents, cancellationToken), source);
        }

        var shipment = await Shipment.PlanAsync(
            new ShipmentOrder
            {
                Root = root,
                Source = source,
                Rules = SelectionRules.ToGive(request.Scope, request.Platforms) with { SkipNonDistributable = request.SkipNonDistributable },
                Name = request.Image.Name,
                What = $"image '{request.Image.Name}' of {source.Words}",
                Done = "sent",
                Otherwise = "Send what is here with -Platform Available (the digest is another one then), name a platform with -Platform, or "
                    + "fetch the others with Receive-CtrImage -AllPlatforms.",
                Target = ((RegistryClient)registries).Repository(request.Target),
                Referrers = referrers,
            },
            cancellationToken).ConfigureAwait(false);
        return new SendPlan(connection, request, shipment);
    }

    /// <inheritdoc/>
    private sealed class SendPlan(ContainerdConnection connection, CtrSendRequest request, Shipment shipment) : ICtrSendPlan
    {
        public string Digest => shipment.Top.Descriptor.Digest;

        public int Blobs => shipment.Blobs.Count();

        public long Bytes => shipment.Blobs.Sum(blob => blob.Node.Descriptor.Size);

        public int Referrers => shipment.Referrers;

        public IReadOnlyList<string> Warnings => shipment.Warnings;

        public async Task<CtrSentImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            string @namespace = request.Image.Namespace;
            string label = SourceLabels.KeyOf(request.Target.Registry);
            IReadOnlyDictionary<string, BlobInfo> known =
                await connection.Content.ListByDigestAsync(@namespace, cancellationToken).ConfigureAwait(false);
            Shipped shipped = await shipment.RunAsync(
                digest => SourceLabels.Read(known.GetValueOrDefault(digest)?.Labels.GetValueOrDefault(label)),
                request.AskForAll,
                request.Concurrency,
                meter,
                cancellationToken).ConfigureAwait(false);

            // The next push to a neighbour repository need not send them.
            await foreach (bool _ in OrderedParallel.SelectAsync(
                shipment.Blobs, Shipment.Questions, RememberAsync, cancellationToken).ConfigureAwait(false))
            {
            }

            return new CtrSentImage
            {
                Name = request.Image.Name,
                Namespace = @namespace,
                Target = request.Target.ToString(),
                Status = shipped.Status,
                Digest = Digest,
                Platforms = shipment.Platforms,
                Host = shipped.Host,
                ReferrerCount = Referrers,
                Pushed = shipped.Pushed,
                Mounted = shipped.Mounted,
                Skipped = shipped.Skipped,
                BytesSent = shipped.BytesSent,
                Duration = shipped.Duration,
            };

            async Task<bool> RememberAsync(MovedBlob blob, CancellationToken token)
            {
                string digest = blob.Node.Descriptor.Digest;
                if (known.TryGetValue(digest, out BlobInfo? info)
                    && SourceLabels.With(info.Labels.GetValueOrDefault(label), request.Target.Repository) is { } value)
                {
                    await connection.Content.SetLabelsAsync(
                        @namespace, digest, new Dictionary<string, string> { [label] = value }, token).ConfigureAwait(false);
                }

                return true;
            }
        }
    }
}
