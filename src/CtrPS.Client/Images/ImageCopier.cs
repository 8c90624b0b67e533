using System.Security.Cryptography;
using System.Text;
using CtrPS.Client.Archives;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// Copies an image to another namespace: bytes, then manifests and indexes, then snapshots, and the record last, all under one lease. To another daemon the
/// lease outlives a broken link, so that the next try goes on from what is there.
/// </summary>
internal sealed class ImageCopier(ContainerdConnection from, CtrCopyOptions options, CtrTransferMeter meter)
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private readonly ContainerdConnection _to = (ContainerdConnection)options.Destination;
    private int _written;
    private int _linked;
    private int _present;
    private long _bytes;

    public async Task<CtrCopyOutcome> CopyAsync(CtrImage image, CancellationToken cancellationToken)
    {
        string name = options.Name ?? image.Name;
        bool sameDaemon = await IsSameDaemonAsync(cancellationToken).ConfigureAwait(false);
        if (sameDaemon && name == image.Name && options.Namespace == image.Namespace)
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The image '{image.Name}' cannot be copied onto itself: source and destination are namespace '{image.Namespace}' of the same containerd.")
            {
                Target = image.Name,
                RecommendedAction = "Give another -DestinationNamespace, another -DestinationSession or another -Name.",
            };
        }

        var target = new Descriptor { MediaType = image.MediaType, Digest = image.Digest, Size = image.TargetSize };
        await RefuseOtherAsync(name, target, cancellationToken).ConfigureAwait(false);
        var source = new SaveSource(from, image.Namespace, listed: false, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(target).ConfigureAwait(false);
        var selection = ImageSelection.Of(root, new CtrSaveRequest { Images = [], Scope = options.Scope, Platforms = options.Platforms });
        await RefuseFaultsAsync(image, source, root, selection, cancellationToken).ConfigureAwait(false);
        string? snapshotter = options.Unpack ? await _to.Unpacker.ChooseSnapshotterAsync(options.Namespace, options.Snapshotter, cancellationToken).ConfigureAwait(false) : null;

        Lease lease = await _to.Leases.CreateAsync(options.Namespace, sameDaemon ? null : WorkOf(name, target), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                await BringAsync(source, selection.Nodes, lease, keepPartial: !sameDaemon, cancellationToken).ConfigureAwait(false);
                List<string> notes = [.. selection.LeftOutImages.Select(left => $"{left.Platform?.ToString() ?? left.Descriptor.Digest} is left out: it is not whole in {source.Blobs.Words}.")];
                if (snapshotter is not null)
                {
                    await UnpackAsync(lease, root, selection, snapshotter, notes, cancellationToken).ConfigureAwait(false);
                }

                CtrImage made = await _to.Images.PutAsync(options.Namespace, name, target, image.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
                lease.Complete();
                return new CtrCopyOutcome(made, _written, _linked, _present, _bytes, notes.ToArray());
            }
            catch (CtrException e) when (e.IsConnectionFault)
            {
                lease.Keep();
                throw;
            }
        }
    }

    /// <summary>Two sessions may reach the same daemon in two ways.</summary>
    private async Task<bool> IsSameDaemonAsync(CancellationToken cancellationToken) => ReferenceEquals(from, _to)
        || (await from.Server.GetAsync(cancellationToken).ConfigureAwait(false)).Uuid == (await _to.Server.GetAsync(cancellationToken).ConfigureAwait(false)).Uuid;

    private async Task RefuseOtherAsync(string name, Descriptor target, CancellationToken cancellationToken)
    {
        if (!options.Replace && await _to.Images.FindAsync(options.Namespace, name, CtrImageDetail.None, cancellationToken).ConfigureAwait(false) is { } existing && existing.Digest != target.Digest)
        {
            throw new CtrException(
                CtrErrorIds.ImageExists, CtrStatus.AlreadyExists, $"The image '{name}' in namespace '{options.Namespace}' exists already and points to {existing.Digest}, not to {target.Digest}.")
            {
                Target = name,
                RecommendedAction = "Use -Force to move the name, or -Name for another one.",
            };
        }
    }

    /// <summary>All that is in the way is told before a byte moves: the first fault in the message, all of them in the details.</summary>
    private static async Task RefuseFaultsAsync(CtrImage image, SaveSource source, ImageNode root, ImageSelection selection, CancellationToken cancellationToken)
    {
        string cannot = $"The image '{image.Name}' in namespace '{image.Namespace}' cannot be copied";
        if (selection.AbsentPlatforms.Count > 0)
        {
            string[] has = [.. selection.Platforms.Select(one => one.ToString()).Distinct()];
            throw new CtrException(
                CtrErrorIds.PlatformNotFound, CtrStatus.NotFound, $"{cannot}: it is not for {string.Join(", ", selection.AbsentPlatforms)}{(has.Length > 0 ? $", but for {string.Join(", ", has)}" : "")}.")
            {
                Target = image.Name,
                RecommendedAction = "Name platforms that it has, or use -Platform Available.",
            };
        }

        var faults = new List<CtrBlobFault>();
        foreach (ImageNode node in selection.Nodes.Where(node => !node.IsSound).DistinctBy(node => node.Descriptor.Digest))
        {
            ImageNode? manifest = root.Manifests.FirstOrDefault(one => one == node || one.Children.Contains(node));
            faults.Add(node.Fault is { } fault
                ? BlobFaults.Corrupt(node, manifest?.Platform, $"is lost or damaged. {fault.Message}")
                : BlobFaults.Missing(node, manifest?.Platform, source.Blobs.Words, await source.CauseAsync(node, manifest, cancellationToken).ConfigureAwait(false)));
        }

        if (faults.Count > 0)
        {
            CtrBlobFault first = faults[0];
            throw new CtrException(
                first.Status == CtrBlobStatus.Missing ? CtrErrorIds.BlobMissing : CtrErrorIds.BlobCorrupt,
                first.Status == CtrBlobStatus.Missing ? CtrStatus.NotFound : CtrStatus.DataLoss,
                $"{cannot}. {first.Reason}{(faults.Count > 1 ? $" {faults.Count - 1} more of its blobs are missing or damaged." : "")}")
            {
                Target = first.Digest,
                RecommendedAction = first.RecommendedAction,
                Details = faults.Select(fault => fault.Reason).ToArray(),
            };
        }
    }

    /// <summary>Brings what is not there: large blobs first and side by side, then manifests and indexes, children before parents.</summary>
    private async Task BringAsync(SaveSource source, IReadOnlyList<ImageNode> nodes, Lease lease, bool keepPartial, CancellationToken cancellationToken)
    {
        BlobWriter writer = _to.Content.Writer(options.Namespace, lease.Id);
        ImageNode[] each = nodes.DistinctBy(node => node.Descriptor.Digest).ToArray();
        meter.SetTotal(each.Sum(node => node.Descriptor.Size));
        meter.Show("Bringing blobs");
        await foreach (bool _ in OrderedParallel.SelectAsync(
            each.Where(node => !IsDocument(node)).OrderByDescending(node => node.Descriptor.Size),
            options.Concurrency,
            (node, token) => BringAsync(source, node, writer, lease, keepPartial, token),
            cancellationToken).ConfigureAwait(false))
        {
        }

        foreach (ImageNode node in each.Where(IsDocument).Reverse())
        {
            _ = await BringAsync(source, node, writer, lease, keepPartial, cancellationToken).ConfigureAwait(false);
        }

        static bool IsDocument(ImageNode node) => node.Kind is ImageNodeKind.Index or ImageNodeKind.Manifest;
    }

    private async Task<bool> BringAsync(SaveSource source, ImageNode node, BlobWriter writer, Lease lease, bool keepPartial, CancellationToken cancellationToken)
    {
        Descriptor blob = node.Descriptor;
        IReadOnlyDictionary<string, string> labels = node.Children.Count > 0 ? GarbageLabels.For(node.Children.Select(child => child.Descriptor)) : NoLabels;

        // First the lease, then the look: what is there now stays.
        await _to.Leases.AddBlobAsync(lease, blob.Digest, cancellationToken).ConfigureAwait(false);
        if (await _to.Content.FindAsync(options.Namespace, blob.Digest, cancellationToken).ConfigureAwait(false) is { } there)
        {
            Dictionary<string, string> lacking = labels.Where(label => !there.Labels.TryGetValue(label.Key, out string? value) || value != label.Value).ToDictionary();
            if (lacking.Count > 0)
            {
                await _to.Content.SetLabelsAsync(options.Namespace, blob.Digest, lacking, cancellationToken).ConfigureAwait(false);
            }

            meter.AddDone(blob.Size);
            _ = Interlocked.Increment(ref _present);
            return false;
        }

        bool written = await writer.WriteAsync(blob, token => source.Blobs.OpenAsync(blob, token), labels, meter, keepPartial, cancellationToken).ConfigureAwait(false);
        if (written)
        {
            _ = Interlocked.Increment(ref _written);
            _ = Interlocked.Add(ref _bytes, blob.Size);
        }
        else
        {
            _ = Interlocked.Increment(ref _linked);
        }

        return written;
    }

    private async Task UnpackAsync(Lease lease, ImageNode root, ImageSelection selection, string snapshotter, List<string> notes, CancellationToken cancellationToken)
    {
        CtrPlatform host = await _to.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        ImageNode? best = ManifestChoice.Choose(root, PlatformMatcher.Only(host), checkRoot: true);
        IReadOnlyList<ImageNode> manifests = options.Scope == CtrSaveScope.Listed ? selection.Images : selection.Images.Where(manifest => manifest == best).ToArray();
        if (manifests.Count == 0)
        {
            notes.Add($"It is not unpacked: the daemon runs {host}, and the copy has nothing for that.");
        }

        foreach (ImageNode manifest in manifests)
        {
            if (!await _to.Unpacker.UnpackAsync(lease, manifest, snapshotter, meter, cancellationToken).ConfigureAwait(false))
            {
                notes.Add($"{manifest.Descriptor.Digest} is not unpacked: it is no image of a file system.");
            }
        }
    }

    /// <summary>The same copy has the same name, so that the next try finds what this one left.</summary>
    private static string WorkOf(string name, Descriptor target) => "copy-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name} {target.Digest}")))[..32];
}
