using System.Diagnostics;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class ImageSender(ContainerdConnection connection) : IImageSender
{
    /// <summary>Questions about blobs under way at the same time.</summary>
    private const int Concurrency = 16;

    public async Task<ICtrSendPlan> PlanAsync(CtrSendRequest request, ICtrRegistries registries, CancellationToken cancellationToken)
    {
        var source = new ImageSource(connection, request.Image.Namespace, listed: false, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(Records.TargetOf(request.Image)).ConfigureAwait(false);
        SelectionRules rules = SelectionRules.ToGive(request.Scope, request.Platforms) with { SkipNonDistributable = request.SkipNonDistributable };
        var selection = ImageSelection.Of(root, rules);
        await RefuseFaultsAsync(request, source, selection, cancellationToken).ConfigureAwait(false);
        (ImageNode top, IBlobSource from) = await SentRoot.OfAsync(source, selection, request.Scope, cancellationToken).ConfigureAwait(false);
        var warnings = new List<string>();
        if (top != root)
        {
            string left = string.Join(
                ", ", selection.AllImages.Except(selection.Images).Select(image => image.Platform?.ToString() ?? image.Descriptor.Digest).Distinct());
            warnings.Add($"The image '{request.Image.Name}' goes without {left}: at the registry its digest is {top.Descriptor.Digest}, "
                + $"not {root.Descriptor.Digest}.");
        }

        MovedBlob[] blobs = [.. SentRoot.Nodes(selection, top).Select(node => new MovedBlob(
            node, selection.ManifestOf(node), from, $"image '{request.Image.Name}' in {source.Words}"))];
        RepositoryClient repository = ((RegistryClient)registries).Repository(request.Target);
        return new SendPlan(connection, request, repository, selection, top, blobs, warnings);
    }

    private static async Task RefuseFaultsAsync(
        CtrSendRequest request, ImageSource source, ImageSelection selection, CancellationToken cancellationToken)
    {
        string cannot = $"The image '{request.Image.Name}' of {source.Words} cannot be sent";
        if (selection.AbsentPlatforms is [{ } absent, ..])
        {
            throw BlobFaults.NoPlatform(cannot, selection, absent, request.Image.Name);
        }

        var faults = new List<CtrBlobFault>();
        foreach (ImageNode node in selection.Broken)
        {
            faults.Add(await BlobFaults.OfAsync(node, selection.ManifestOf(node), source, cancellationToken).ConfigureAwait(false));
        }

        string[] incomplete =
            [.. selection.Images.Where(image => !image.IsWhole).Select(image => image.Platform?.ToString()).OfType<string>().Distinct()];
        if (faults.Count > 0 && incomplete.Length > 0 && selection.AllImages.Any(image => image.IsWhole))
        {
            throw new CtrException(
                CtrErrorIds.BlobMissing,
                CtrStatus.NotFound,
                $"{cannot}: its index names platforms that are not whole here: {string.Join(", ", incomplete)}.")
            {
                Target = request.Image.Name,
                RecommendedAction = "Send what is here with -Platform Available (the digest is another one then), name a platform with -Platform, or "
                    + "fetch the others with Receive-CtrImage -AllPlatforms.",
                Details = [.. faults.Take(20).Select(fault => fault.Reason)],
            };
        }

        if (faults.Count > 0)
        {
            throw BlobFaults.Refuse(cannot, faults);
        }

        await foreach (CtrException? fault in OrderedParallel.SelectAsync(
            selection.Nodes.Where(node => !node.IsDocument),
            Concurrency,
            async (node, token) => await source.ProbeAsync(node.Descriptor, token).ConfigureAwait(false) is { } unreadable
                ? BlobFaults.Refuse(cannot, BlobFaults.Damaged(node, selection.ManifestOf(node), source, unreadable), unreadable)
                : null,
            cancellationToken).ConfigureAwait(false))
        {
            if (fault is not null)
            {
                throw fault;
            }
        }
    }

    /// <inheritdoc/>
    private sealed class SendPlan(
        ContainerdConnection connection,
        CtrSendRequest request,
        RepositoryClient repository,
        ImageSelection selection,
        ImageNode top,
        MovedBlob[] blobs,
        IReadOnlyList<string> warnings) : ICtrSendPlan
    {
        public string Digest => top.Descriptor.Digest;

        public int Blobs => blobs.Length;

        public long Bytes => blobs.Sum(blob => blob.Node.Descriptor.Size);

        public IReadOnlyList<string> Warnings => warnings;

        public async Task<CtrSentImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            var clock = Stopwatch.StartNew();
            string @namespace = request.Image.Namespace;
            string label = SourceLabels.KeyOf(request.Target.Registry);
            IReadOnlyDictionary<string, BlobInfo> known =
                await connection.Content.ListByDigestAsync(@namespace, cancellationToken).ConfigureAwait(false);
            var sink = new RegistrySink(
                repository, top, digest => SourceLabels.Read(known.GetValueOrDefault(digest)?.Labels.GetValueOrDefault(label)));

            // A registry takes a manifest only with all that it names: where the name points to it already, nothing is left to send.
            TransferTally? tally = !request.AskForAll && await sink.HasAsync(top, cancellationToken).ConfigureAwait(false)
                ? null
                : await new BlobTransfer(sink, "sent", request.Concurrency, meter).RunAsync(blobs, cancellationToken).ConfigureAwait(false);

            // The next push to a neighbour repository need not send them.
            await foreach (bool _ in OrderedParallel.SelectAsync(blobs, Concurrency, RememberAsync, cancellationToken).ConfigureAwait(false))
            {
            }

            return new CtrSentImage
            {
                Name = request.Image.Name,
                Namespace = @namespace,
                Target = request.Target.ToString(),
                Status = tally is null or { Written: 0, Linked: 0 } ? CtrSendStatus.UpToDate : CtrSendStatus.Sent,
                Digest = Digest,
                Platforms = [.. selection.Images.Select(image => image.Platform?.ToString()).OfType<string>().Distinct()],
                Host = RegistryFaults.Show(sink.Host.Root),
                Pushed = tally?.Written ?? 0,
                Mounted = tally?.Linked ?? 0,
                Skipped = tally?.Present ?? blobs.Length,
                BytesSent = sink.BytesSent,
                Duration = clock.Elapsed,
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
