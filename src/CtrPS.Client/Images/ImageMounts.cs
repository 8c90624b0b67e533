using System.Diagnostics;
using Containerd.Services.Snapshots.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Posix;
using CtrPS.Client.Snapshots;
using Mount = Containerd.Types.Mount;

namespace CtrPS.Client.Images;

/// <inheritdoc/>
/// <remarks>
/// The snapshot of a mount and the lease that keeps it are both named by the folder, as <c>ctr images mount</c> names them (cmd/ctr,
/// images/mount.go): so each ends the other's mounts. ctr's lease has an expiry, after which the files are collected under the mount; ours has none.
/// </remarks>
internal sealed class ImageMounts(ContainerdConnection connection) : IImageMounts
{
    private const string What = "The file systems of images";
    private const string ImageLabel = "ctrps.io/image";
    private const string HostLabel = "ctrps.io/host";
    private const string ProcessLabel = "ctrps.io/process";

    public async Task<IReadOnlyList<CtrPlatform>> ListPlatformsAsync(CtrImage image, CancellationToken cancellationToken)
    {
        ImageNode root = await SourceOf(image, cancellationToken).ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        return
        [
            .. root.Manifests.Where(manifest => manifest is { IsAttestation: false, IsFileSystem: true, StoredSize: not null })
                .Select(manifest => manifest.Platform)
                .OfType<CtrPlatform>()
                .Distinct(),
        ];
    }

    public async Task<CtrExpandedImage> ExpandAsync(
        CtrImage image, CtrPlatform? platform, string? snapshotter, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        PlatformImage found = await FindAsync(image, platform, "cannot be unpacked", cancellationToken).ConfigureAwait(false);
        string chosen = await connection.Unpacker.ChooseSnapshotterAsync(image.Namespace, snapshotter, cancellationToken).ConfigureAwait(false);
        Lease lease = await connection.Leases.CreateAsync(image.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            UnpackedLayers unpacked = await UnpackAsync(lease, found, chosen, meter, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            return new CtrExpandedImage
            {
                Name = image.Name,
                Namespace = image.Namespace,
                Platform = found.Manifest.Platform ?? found.Settings.Platform,
                Snapshotter = chosen,
                ChainId = unpacked.ChainId,
                UnpackedLayers = unpacked.Applied,
                PresentLayers = unpacked.Layers - unpacked.Applied,
                Duration = clock.Elapsed,
            };
        }
    }

    public async Task<(string Path, bool HidesFiles)> CheckTargetAsync(string target, CancellationToken cancellationToken)
    {
        await connection.Machine.RequireRootAsync(What, cancellationToken).ConfigureAwait(false);
        return SnapshotMounts.CheckTarget(target, "An image");
    }

    public async Task<CtrImageMount> MountAsync(
        CtrImage image, CtrImageMountOptions options, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        (string target, _) = await CheckTargetAsync(options.Target, cancellationToken).ConfigureAwait(false);
        PlatformImage found = await FindAsync(image, options.Platform, "cannot be mounted", cancellationToken).ConfigureAwait(false);
        string @namespace = image.Namespace;
        string snapshotter = await connection.Unpacker.ChooseSnapshotterAsync(
            @namespace, options.Snapshotter, cancellationToken).ConfigureAwait(false);
        var table = MountTable.Read();
        await DiscardStaleAsync(@namespace, table, cancellationToken).ConfigureAwait(false);
        await RequireFreeAsync(@namespace, snapshotter, target, table, cancellationToken).ConfigureAwait(false);
        Lease work = await connection.Leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await using (work.ConfigureAwait(false))
        {
            UnpackedLayers layers = await UnpackAsync(work, found, snapshotter, meter, cancellationToken).ConfigureAwait(false);
            meter.Show($"Mounting in {target}");
            await MountAsync(work, new Place(image, snapshotter, layers.ChainId, target, options.Writable), table, cancellationToken)
                .ConfigureAwait(false);
            work.Complete();
            return new CtrImageMount
            {
                Path = target,
                Name = image.Name,
                Namespace = @namespace,
                ChainId = layers.ChainId,
                Snapshotter = snapshotter,
                IsWritable = options.Writable,
                IsMounted = true,
                Since = DateTimeOffset.Now,
                ProcessId = Environment.ProcessId,
            };
        }
    }

    public async Task<IReadOnlyList<CtrImageMount>> ListAsync(string @namespace, CancellationToken cancellationToken)
    {
        var found = new List<(string Snapshotter, Info Snapshot)>();
        foreach (string snapshotter in await connection.Facts.GetSnapshottersAsync(cancellationToken).ConfigureAwait(false))
        {
            await foreach (Info one in connection.Snapshots.ListAsync(@namespace, snapshotter, cancellationToken).ConfigureAwait(false))
            {
                if (one.Kind != Kind.Committed && one.Name.StartsWith('/'))
                {
                    found.Add((snapshotter, one));
                }
            }
        }

        if (found.Count == 0)
        {
            return [];
        }

        MountTable? table = await connection.Machine.IsLocalAsync(cancellationToken).ConfigureAwait(false) ? MountTable.Read() : null;
        Dictionary<string, LeaseInfo> leases = (await connection.Leases.ListAsync(@namespace, cancellationToken).ConfigureAwait(false))
            .ToDictionary(lease => lease.Id, StringComparer.Ordinal);
        ILookup<string, string>? names = found.All(one => one.Snapshot.Labels.ContainsKey(ImageLabel))
            ? null
            : await NamesByChainAsync(@namespace, cancellationToken).ConfigureAwait(false);
        var mounts = new List<CtrImageMount>();
        foreach ((string snapshotter, Info snapshot) in found.OrderBy(one => one.Snapshot.Name, StringComparer.Ordinal))
        {
            LeaseInfo? lease = leases.GetValueOrDefault(snapshot.Name);
            bool? isMounted = await IsMountedAsync(
                @namespace, snapshotter, snapshot.Name, lease?.Mount, table, cancellationToken).ConfigureAwait(false);
            if (isMounted != true && lease is null && !snapshot.Labels.ContainsKey(ImageLabel))
            {
                continue; // somebody else's, who names snapshots so and mounts them or not
            }

            mounts.Add(new CtrImageMount
            {
                Path = snapshot.Name,
                Name = snapshot.Labels.TryGetValue(ImageLabel, out string? name) ? name : names?[snapshot.Parent].FirstOrDefault() ?? "",
                Namespace = @namespace,
                ChainId = snapshot.Parent,
                Snapshotter = snapshotter,
                IsWritable = snapshot.Kind == Kind.Active,
                IsMounted = isMounted,
                Since = WireTime.ToTime(snapshot.CreatedAt),
                ProcessId = lease?.Mount?.Maker.ProcessId,
            });
        }

        return mounts;
    }

    public async Task DismountAsync(CtrImageMount mount, bool force, CancellationToken cancellationToken)
    {
        await connection.Machine.RequireRootAsync(What, cancellationToken).ConfigureAwait(false);
        if (mount.IsMounted is null && !force)
        {
            throw new CtrException(
                CtrErrorIds.MountBusy,
                CtrStatus.FailedPrecondition,
                $"What is mounted at '{mount.Path}' was mounted in another mount namespace, such as a container has: it is not seen here.")
            {
                Target = mount.Path,
                RecommendedAction = "Dismount it where it was mounted. -Force ends what containerd keeps for it, also where it is mounted still.",
            };
        }

        IReadOnlyList<Mount>? mounts = await FindMountsAsync(
            mount.Namespace, mount.Snapshotter, mount.Path, cancellationToken).ConfigureAwait(false);
        if (mounts is not null)
        {
            await SnapshotMounts.UnmountAsync(mounts, mount.Path, "image", force, cancellationToken).ConfigureAwait(false);
        }

        await connection.Snapshots.RemoveAsync(mount.Namespace, mount.Snapshotter, mount.Path, cancellationToken).ConfigureAwait(false);
        await connection.Leases.DeleteAsync(mount.Namespace, mount.Path, collect: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the snapshot, then the lease that stays, then the mount: a process that is killed on the way leaves nothing unfound.</summary>
    private async Task MountAsync(Lease work, Place place, MountTable table, CancellationToken cancellationToken)
    {
        (string @namespace, string target) = (work.Namespace, place.Target);
        var labels = new Dictionary<string, string>
        {
            [ImageLabel] = place.Image.Name,
            [HostLabel] = ProcessOwner.Current.Host,
            [ProcessLabel] = ProcessOwner.Current.Process,
        };
        IReadOnlyList<Mount> mounts;
        try
        {
            mounts = place.Writable
                ? await connection.Snapshots.PrepareAsync(
                    @namespace, place.Snapshotter, target, place.ChainId, labels, work.Id, cancellationToken).ConfigureAwait(false)
                : await connection.Snapshots.ViewAsync(
                    @namespace, place.Snapshotter, target, place.ChainId, work.Id, cancellationToken, labels).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.AlreadyExists)
        {
            throw Exists(target, e); // another process was faster
        }

        Lease? kept = null;
        bool done = false;
        try
        {
            kept = await KeepAsync(@namespace, target, table, cancellationToken).ConfigureAwait(false);
            await connection.Leases.AddSnapshotAsync(kept, place.Snapshotter, target, cancellationToken).ConfigureAwait(false);
            SnapshotMounts.Mount(mounts, target);
            done = true;
        }
        finally
        {
            if (!done)
            {
                await connection.Unpacker.DiscardAsync(@namespace, place.Snapshotter, target).ConfigureAwait(false);
                if (kept is not null)
                {
                    await kept.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>The lease of a mount. One by its name, without a snapshot, is what ctr leaves when it unmounts.</summary>
    private async Task<Lease> KeepAsync(string @namespace, string target, MountTable table, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.Leases.CreateForMountAsync(@namespace, target, table.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.LeaseExists)
        {
            await connection.Leases.DeleteAsync(@namespace, target, collect: false, cancellationToken).ConfigureAwait(false);
            return await connection.Leases.CreateForMountAsync(@namespace, target, table.Name, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends what killed processes left of mounts that they did not come to.</summary>
    private async Task DiscardStaleAsync(string @namespace, MountTable table, CancellationToken cancellationToken)
    {
        LeaseInfo[] stale = [.. (await connection.Leases.ListAsync(@namespace, cancellationToken).ConfigureAwait(false))
            .Where(lease => lease.Mount?.IsStale(lease.Id, table) == true)];
        foreach (LeaseInfo lease in stale)
        {
            // A collection after the last alone: while it takes its time, another one may mount there, under a lease of that very name.
            bool isLast = ReferenceEquals(lease, stale[^1]);
            await connection.Leases.DeleteAsync(@namespace, lease.Id, collect: isLast, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>That no snapshot has the folder's name; one that a killed process left goes.</summary>
    private async Task RequireFreeAsync(
        string @namespace, string snapshotter, string target, MountTable table, CancellationToken cancellationToken)
    {
        if (await connection.Snapshots.FindAsync(@namespace, snapshotter, target, cancellationToken).ConfigureAwait(false) is not { } there)
        {
            return;
        }

        bool isLeft = there.Labels.TryGetValue(HostLabel, out string? host) && there.Labels.TryGetValue(ProcessLabel, out string? process)
            && new MountMark(new ProcessOwner(host, process), table.Name).IsStale(target, table);
        if (!isLeft)
        {
            throw Exists(target, null);
        }

        await connection.Snapshots.RemoveAsync(@namespace, snapshotter, target, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool?> IsMountedAsync(
        string @namespace, string snapshotter, string path, MountMark? mark, MountTable? table, CancellationToken cancellationToken)
    {
        if (table is null)
        {
            return null;
        }

        IReadOnlyList<MountEntry> entries = table.At(path);
        if (entries.Count > 0
            && await FindMountsAsync(@namespace, snapshotter, path, cancellationToken).ConfigureAwait(false) is { } mounts
            && entries.Any(entry => SnapshotMounts.IsOf(mounts, entry)))
        {
            return true;
        }

        return mark is { Maker.IsOfEarlierBoot: false } && mark.Table != table.Name ? null : false;
    }

    private async Task<IReadOnlyList<Mount>?> FindMountsAsync(
        string @namespace, string snapshotter, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.Snapshots.GetMountsAsync(@namespace, snapshotter, key, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Status == CtrStatus.NotFound)
        {
            return null;
        }
    }

    /// <summary>The images of a namespace by the names of their unpacked layers, for mounts that say nothing of their image.</summary>
    private async Task<ILookup<string, string>> NamesByChainAsync(string @namespace, CancellationToken cancellationToken)
    {
        var blobs = new NamespaceBlobs(connection.Content, @namespace, listed: true, cancellationToken);
        blobs.Begin();
        var names = new List<(string Chain, string Name)>();
        foreach ((CtrImage image, ImageNode root) in await connection.Images.ReadGraphsAsync(blobs, cancellationToken).ConfigureAwait(false))
        {
            foreach (ImageNode manifest in root.Manifests.Where(manifest => manifest is { IsFileSystem: true, Config.IsSound: true }))
            {
                try
                {
                    Descriptor config = manifest.Config!.Descriptor;
                    var parsed = ImageConfig.Parse(await blobs.ReadAsync(config, cancellationToken).ConfigureAwait(false), config);
                    names.AddRange(parsed.ChainIds.TakeLast(1).Select(chain => (chain, image.Name)));
                }
                catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
                {
                    // Test-CtrImage tells: what is unpacked of an image without a config, nobody knows.
                }
            }
        }

        return names.ToLookup(one => one.Chain, one => one.Name, StringComparer.Ordinal);
    }

    private async Task<PlatformImage> FindAsync(CtrImage image, CtrPlatform? platform, string cannot, CancellationToken cancellationToken)
    {
        ImageSource source = SourceOf(image, cancellationToken);
        CtrPlatform wanted = platform ?? await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        string? wayOut = platform is null ? "Name a platform that it has with -Platform." : null;
        ImageNode manifest = await PlatformImage.FindAsync(source, image, wanted, wayOut).ConfigureAwait(false);
        return await PlatformImage.ReadAsync(source, image, manifest, cannot, cancellationToken).ConfigureAwait(false);
    }

    private async Task<UnpackedLayers> UnpackAsync(
        Lease lease, PlatformImage image, string snapshotter, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        // Layers may be gone once they are unpacked.
        if (!await connection.Unpacker.IsUnpackedAsync(lease.Namespace, snapshotter, image.Config, cancellationToken).ConfigureAwait(false))
        {
            foreach (ImageNode layer in image.Manifest.Layers)
            {
                PlatformImage.Require(layer, image.Image);
            }
        }

        return (await connection.Unpacker.UnpackAsync(lease, image.Manifest, snapshotter, meter, cancellationToken).ConfigureAwait(false))!;
    }

    private ImageSource SourceOf(CtrImage image, CancellationToken cancellationToken) =>
        new(connection, image.Namespace, listed: false, cancellationToken);

    private static CtrException Exists(string target, Exception? cause) =>
        new(CtrErrorIds.MountExists, CtrStatus.AlreadyExists, $"An image is mounted at '{target}' already, or was and is still kept for it.", cause)
        {
            Target = target,
            RecommendedAction = "End it with Dismount-CtrImage, or mount in another folder.",
        };

    /// <param name="Image">The image.</param>
    /// <param name="Snapshotter">Where its layers are.</param>
    /// <param name="ChainId">All of them.</param>
    /// <param name="Target">The folder.</param>
    /// <param name="Writable">Whether files can be written.</param>
    private sealed record Place(CtrImage Image, string Snapshotter, string ChainId, string Target, bool Writable);
}
