using System.Security.Cryptography;
using System.Text;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// Copies an image to another namespace: bytes, then manifests and indexes, then snapshots, and the record last, all under one lease. To another
/// daemon the lease outlives a broken link, so that the next try goes on from what is there.
/// </summary>
internal sealed class ImageCopier(ContainerdConnection from, CtrCopyOptions options, CtrTransferMeter meter)
{
    private readonly ContainerdConnection _to = (ContainerdConnection)options.Destination;

    public async Task<CtrCopyOutcome> CopyAsync(CtrImage image, CancellationToken cancellationToken)
    {
        string name = options.Name ?? image.Name;
        bool sameDaemon = await IsSameDaemonAsync(cancellationToken).ConfigureAwait(false);
        if (sameDaemon && name == image.Name && options.Namespace == image.Namespace)
        {
            throw OntoItself(image);
        }

        Descriptor target = Records.TargetOf(image);
        await RefuseOtherAsync(name, target, cancellationToken).ConfigureAwait(false);
        var source = new ImageSource(from, image.Namespace, listed: false, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(target).ConfigureAwait(false);
        var selection = ImageSelection.Of(root, SelectionRules.ToGive(options.Scope, options.Platforms));
        string words = $"image '{image.Name}' in {source.Words}";
        await MoveChecks.RequireAsync($"The {words} cannot be copied", image.Name, source, selection, otherwise: null, cancellationToken)
            .ConfigureAwait(false);
        string? snapshotter = options.Unpack
            ? await _to.Unpacker.ChooseSnapshotterAsync(options.Namespace, options.Snapshotter, cancellationToken).ConfigureAwait(false)
            : null;

        Lease lease =
            await _to.Leases.CreateAsync(options.Namespace, sameDaemon ? null : WorkOf(name, target), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                var sink = new NamespaceSink(_to.Content, _to.Leases, lease) { KeepPartial = !sameDaemon };
                MovedBlob[] blobs = [.. selection.Nodes.Select(node => new MovedBlob(node, selection.ManifestOf(node), source, words))];
                TransferTally tally =
                    await new BlobTransfer(sink, "copied", options.Concurrency, meter).RunAsync(blobs, cancellationToken).ConfigureAwait(false);
                List<string> notes = [.. selection.LeftOutImages.Select(left =>
                    $"{left.Platform?.ToString() ?? left.Descriptor.Digest} is left out: it is not whole in {source.Words}.")];
                if (snapshotter is not null)
                {
                    await UnpackAsync(lease, selection, snapshotter, notes, cancellationToken).ConfigureAwait(false);
                }

                CtrImage made =
                    await _to.Images.PutAsync(options.Namespace, name, target, image.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
                foreach (string alias in options.Aliases)
                {
                    _ = await _to.Images.PutAsync(
                        options.Namespace, alias, target, image.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
                }

                lease.Complete();
                return new CtrCopyOutcome(made, tally.Written, tally.Linked, tally.Present, tally.Bytes, notes.ToArray());
            }
            catch (CtrException e) when (e.IsConnectionFault)
            {
                lease.Keep();
                throw;
            }
        }
    }

    private static CtrException OntoItself(CtrImage image) => new(
        CtrErrorIds.InvalidArgument,
        CtrStatus.InvalidArgument,
        $"The image '{image.Name}' cannot be copied onto itself: source and destination are namespace '{image.Namespace}' of the same containerd.")
    {
        Target = image.Name,
        RecommendedAction = "Give another -DestinationNamespace, another -DestinationSession or another -Name.",
    };

    /// <summary>Two sessions may reach the same daemon in two ways.</summary>
    private async Task<bool> IsSameDaemonAsync(CancellationToken cancellationToken)
    {
        if (ReferenceEquals(from, _to))
        {
            return true;
        }

        CtrServer one = await from.Server.GetAsync(cancellationToken).ConfigureAwait(false);
        CtrServer other = await _to.Server.GetAsync(cancellationToken).ConfigureAwait(false);
        return one.Uuid == other.Uuid;
    }

    private async Task RefuseOtherAsync(string name, Descriptor target, CancellationToken cancellationToken)
    {
        if (!options.Replace
            && await _to.Images.FindAsync(options.Namespace, name, CtrImageDetail.None, cancellationToken).ConfigureAwait(false) is { } existing
            && existing.Digest != target.Digest)
        {
            throw new CtrException(
                CtrErrorIds.ImageExists,
                CtrStatus.AlreadyExists,
                $"The image '{name}' in namespace '{options.Namespace}' exists already and points to {existing.Digest}, not to {target.Digest}.")
            {
                Target = name,
                RecommendedAction = "Use -Force to move the name, or -Name for another one.",
            };
        }
    }

    private async Task UnpackAsync(Lease lease, ImageSelection selection, string snapshotter, List<string> notes, CancellationToken cancellationToken)
    {
        CtrPlatform host = await _to.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageNode> manifests = options.Scope == CtrPlatformScope.Listed ? selection.Images
            : selection.Runnable(PlatformMatcher.Only(host)) is { } best ? [best]
            : [];
        if (manifests.Count == 0)
        {
            notes.Add($"It is not unpacked: the daemon runs {host}, and the copy has nothing for that.");
        }

        foreach (ImageNode manifest in manifests)
        {
            if (await _to.Unpacker.UnpackAsync(lease, manifest, snapshotter, meter, cancellationToken).ConfigureAwait(false) is null)
            {
                notes.Add($"{manifest.Descriptor.Digest} is not unpacked: it is no image of a file system.");
            }
        }
    }

    /// <summary>The same copy has the same name, so that the next try finds what this one left.</summary>
    private static string WorkOf(string name, Descriptor target) =>
        "copy-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name} {target.Digest}")))[..32];
}
