using System.Diagnostics;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>Copies images from one registry to another, or to another repository of the same. Blobs pass through and are stored nowhere.</summary>
internal static class RemoteImageCopier
{
    public static async Task<ICtrRemoteCopyPlan> PlanAsync(
        CtrRemoteCopyRequest request, RegistryClient from, RegistryClient to, CancellationToken cancellationToken)
    {
        RepositoryClient repository = from.Repository(request.Source);
        string cannot = $"The {repository.What} cannot be copied";
        Descriptor target = await repository.ResolveAsync(request.Source.Digest ?? request.Source.Tag!, cancellationToken).ConfigureAwait(false);
        PlatformMatcher? wanted = request.Platforms.Count == 0 ? null : PlatformMatcher.Strict(request.Platforms);
        var source = new RegistrySource(
            repository, blob => wanted is null || blob.IsAttestation || blob.Platform is not { } one || wanted.Matches(one));
        ImageNode root = await ImageGraph.ReadAsync(source, target, cancellationToken).ConfigureAwait(false);
        if (root.Fault is { } fault)
        {
            throw fault;
        }

        CtrPlatformScope scope = wanted is null ? CtrPlatformScope.All : CtrPlatformScope.Listed;
        var selection = ImageSelection.Of(root, SelectionRules.ToGive(scope, request.Platforms));
        if (selection.AbsentPlatforms is [{ } absent, ..])
        {
            throw BlobFaults.NoPlatform(cannot, selection, absent, request.Source.ToString());
        }

        var faults = new List<CtrBlobFault>();
        foreach (ImageNode node in selection.Broken)
        {
            faults.Add(await BlobFaults.OfAsync(node, selection.ManifestOf(node), source, cancellationToken).ConfigureAwait(false));
        }

        if (faults.Count > 0)
        {
            throw BlobFaults.Refuse(cannot, faults);
        }

        (ImageNode top, IBlobSource origin) = await SentRoot.OfAsync(source, selection, scope, cancellationToken).ConfigureAwait(false);
        if (request.Target.Digest is { } named && named != top.Descriptor.Digest)
        {
            throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"{cannot} to '{request.Target}': what would be there has the digest {top.Descriptor.Digest}.")
            {
                Target = request.Target.ToString(),
                RecommendedAction = "Name a tag.",
            };
        }

        var warnings = new List<string>();
        if (!ReferenceEquals(top, root))
        {
            string taken = string.Join(", ", selection.Images.Select(image => image.Platform?.ToString() ?? image.Descriptor.Digest).Distinct());
            warnings.Add($"The {repository.What} goes with {taken} alone: at its target the digest is {top.Descriptor.Digest}, "
                + $"not {root.Descriptor.Digest}.");
        }

        MovedBlob[] blobs = [.. SentRoot.Nodes(selection, top).Select(node => new MovedBlob(
            node, selection.ManifestOf(node), origin, repository.What))];
        return new CopyPlan(request, repository, to.Repository(request.Target), selection, top, blobs, warnings);
    }

    /// <inheritdoc/>
    private sealed class CopyPlan(
        CtrRemoteCopyRequest request,
        RepositoryClient from,
        RepositoryClient to,
        ImageSelection selection,
        ImageNode top,
        MovedBlob[] blobs,
        IReadOnlyList<string> warnings) : ICtrRemoteCopyPlan
    {
        public string Digest => top.Descriptor.Digest;

        public int Blobs => blobs.Length;

        public long Bytes => blobs.Sum(blob => blob.Node.Descriptor.Size);

        public IReadOnlyList<string> Warnings => warnings;

        public async Task<CtrCopiedImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            var clock = Stopwatch.StartNew();
            bool isSame = string.Equals(request.Source.Registry, request.Target.Registry, StringComparison.OrdinalIgnoreCase);
            var sink = new RegistrySink(to, top, _ => isSame ? [request.Source.Repository] : []);
            TransferTally tally =
                await new BlobTransfer(sink, "copied", request.Concurrency, meter).RunAsync(blobs, cancellationToken).ConfigureAwait(false);
            return new CtrCopiedImage
            {
                Name = request.Source.ToString(),
                Target = request.Target.ToString(),
                Status = tally.Written + tally.Linked == 0 ? CtrSendStatus.UpToDate : CtrSendStatus.Sent,
                Digest = Digest,
                Platforms = [.. selection.Images.Select(image => image.Platform?.ToString()).OfType<string>().Distinct()],
                SourceHost = RegistryFaults.Show(from.Served!.Root),
                Host = RegistryFaults.Show(sink.Host.Root),
                Pushed = tally.Written,
                Mounted = tally.Linked,
                Skipped = tally.Present,
                BytesSent = sink.BytesSent,
                Duration = clock.Elapsed,
            };
        }
    }
}
