using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Containerd.Services.Diff.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Server;
using Grpc.Net.Client;

namespace CtrPS.Client.Snapshots;

/// <summary>
/// Unpacks the layers of an image into snapshots, one on the other, as containerd's own client does (client/image.go, rootfs/apply.go), so that
/// both find each other's work.
/// </summary>
internal sealed class Unpacker(
    GrpcChannel channel,
    Calls calls,
    ContentStore content,
    SnapshotStore snapshots,
    LeaseStore leases,
    ServerFacts server,
    INamespaceStore namespaces)
{
    private const string UncompressedLabel = "containerd.io/uncompressed";
    private const string DefaultSnapshotterLabel = "containerd.io/defaults/snapshotter";

    /// <summary>How often a name for the working snapshot is drawn anew.</summary>
    private const int MaxNames = 3;

    /// <summary>How often a layer is packed that others let go each time.</summary>
    private const int MaxRaces = 5;

    private readonly Diff.DiffClient _diff = new(channel);

    /// <summary>One layer is unpacked once, also where several images of this process need it at the same time.</summary>
    private readonly ConcurrentDictionary<(string Namespace, string Snapshotter, string ChainId), SemaphoreSlim> _turns = new();

    /// <summary>
    /// The snapshotter to use in a namespace: the given one, else the namespace's own default, else what the environment says, else containerd's.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/> where the server has no such snapshotter at work.</exception>
    public async Task<string> ChooseSnapshotterAsync(string @namespace, string? given, CancellationToken cancellationToken)
    {
        string? chosen = given;
        if (chosen is null)
        {
            CtrNamespace? own = (await namespaces.ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Name == @namespace);
            chosen = own is not null && own.Labels.TryGetValue(DefaultSnapshotterLabel, out string? label) && label.Length > 0
                ? label
                : Environment.GetEnvironmentVariable("CONTAINERD_SNAPSHOTTER");
        }

        CtrPlatform platform = await server.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        chosen = string.IsNullOrEmpty(chosen) ? platform.Os == "windows" ? "windows" : "overlayfs" : chosen;
        IReadOnlyList<string> working = await server.GetSnapshottersAsync(cancellationToken).ConfigureAwait(false);
        return working.Contains(chosen)
            ? chosen
            : throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The server has no snapshotter '{chosen}' at work. It has {string.Join(", ", working)}.")
            {
                Target = chosen,
                RecommendedAction = "Name one of these with -Snapshotter; Get-CtrPlugin says why another does not work.",
            };
    }

    /// <summary>
    /// The same, for who only looks: null where none is given and the one that would be used is not at work, as nothing can be unpacked with it then.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/> where the server has no such snapshotter at work.</exception>
    public async Task<string?> FindSnapshotterAsync(string @namespace, string? given, CancellationToken cancellationToken)
    {
        try
        {
            return await ChooseSnapshotterAsync(@namespace, given, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NotSupported && given is null)
        {
            return null;
        }
    }

    /// <summary>Whether a chain is unpacked.</summary>
    public async Task<bool> IsUnpackedAsync(string @namespace, string snapshotter, ImageConfig config, CancellationToken cancellationToken) =>
        config.DiffIds.Count == 0
            || await snapshots.FindAsync(@namespace, snapshotter, config.ChainIds[^1], cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Unpacks a manifest whose blobs are in the namespace, or on their way there. What is there already stays.</summary>
    /// <param name="lease">Holds all of it.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="snapshotter">The snapshotter.</param>
    /// <param name="meter">Hears what is done. Null: nobody does.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="arrival">Waits until a blob is in the namespace. Null: all are.</param>
    /// <returns>What was done. Null where the manifest is of an artifact, whose layers are no file system.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/> where a layer is not the one that its config names.</exception>
    public async Task<UnpackedLayers?> UnpackAsync(
        Lease lease,
        ImageNode manifest,
        string snapshotter,
        CtrTransferMeter? meter,
        CancellationToken cancellationToken,
        Func<ImageNode, Task>? arrival = null)
    {
        ImageNode[] layers = [.. manifest.Layers];
        if (!manifest.IsFileSystem)
        {
            return null;
        }

        await Arrived(manifest.Config!).ConfigureAwait(false);
        Descriptor blob = manifest.Config!.Descriptor;
        var config = ImageConfig.Parse(await content.ReadAsync(lease.Namespace, blob, cancellationToken).ConfigureAwait(false), blob);
        if (config.DiffIds.Count != layers.Length)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The manifest '{manifest.Descriptor.Digest}' has {layers.Length} layers, but its config names {config.DiffIds.Count}.")
            {
                Target = manifest.Descriptor.Digest,
            };
        }

        IReadOnlyList<string> chain = config.ChainIds;
        int applied = 0;
        if (chain.Count > 0 && !await IsHeldAsync(lease, snapshotter, chain[^1], cancellationToken).ConfigureAwait(false))
        {
            for (int i = 0; i < layers.Length; i++)
            {
                meter?.Show($"Unpacking layer {i + 1} of {layers.Length} of {manifest.Platform?.ToString() ?? manifest.Descriptor.Digest}");
                string parent = i == 0 ? "" : chain[i - 1];
                await Arrived(layers[i]).ConfigureAwait(false);
                applied += await ApplyOnceAsync(
                    lease, snapshotter, layers[i].Descriptor, config.DiffIds[i], parent, chain[i], cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        if (chain.Count > 0)
        {
            // This label is all that keeps the layers from the garbage collector.
            var label = new Dictionary<string, string> { [CollectorLabels.Snapshot + snapshotter] = chain[^1] };
            await content.SetLabelsAsync(lease.Namespace, blob.Digest, label, cancellationToken).ConfigureAwait(false);
        }

        return new UnpackedLayers(chain.Count == 0 ? "" : chain[^1], layers.Length, applied);

        Task Arrived(ImageNode node) => arrival?.Invoke(node) ?? Task.CompletedTask;
    }

    /// <summary>Packs into a layer what differs between two file systems.</summary>
    /// <param name="lease">Holds the layer.</param>
    /// <param name="lower">Mounts of the one below.</param>
    /// <param name="upper">Mounts of the other.</param>
    /// <param name="reference">Names the work: one of a name at a time.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="mediaType">What the layer is to be. Empty: containerd's own choice, a compressed one.</param>
    public async Task<Descriptor> CompareAsync(
        Lease lease,
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        string reference,
        CancellationToken cancellationToken,
        string mediaType = "")
    {
        var request = new DiffRequest { Ref = reference, MediaType = mediaType };
        request.Left.Add(lower.Select(SnapshotMounts.ToRead));
        request.Right.Add(upper.Select(SnapshotMounts.ToRead));
        for (int attempt = 1; ; attempt++)
        {
            ContentDescriptor layer = (await calls.InvokeAsync(
                () => _diff.DiffAsync(request, Calls.Unbounded(lease.Namespace, cancellationToken, lease.Id)),
                new CallSubject($"layer '{reference}'", reference),
                cancellationToken).ConfigureAwait(false)).Diff;

            // Another client may have packed the same, and let it go just now: then it was not made under our lease.
            await lease.AddBlobAsync(layer.Digest, cancellationToken).ConfigureAwait(false);
            if (await content.FindAsync(lease.Namespace, layer.Digest, cancellationToken).ConfigureAwait(false) is not null)
            {
                return new Descriptor { MediaType = layer.MediaType, Digest = layer.Digest, Size = layer.Size };
            }

            if (attempt == MaxRaces)
            {
                throw new CtrException(
                    CtrErrorIds.BlobMissing,
                    CtrStatus.Aborted,
                    $"The layer '{layer.Digest}' was packed in namespace '{lease.Namespace}', and other clients removed it each time.")
                {
                    Target = layer.Digest,
                    RecommendedAction = "Try again.",
                };
            }
        }
    }

    /// <summary>Packs into a layer what a snapshot has and the one below it has not. The views for that are gone before it returns.</summary>
    /// <param name="lease">Holds the layer.</param>
    /// <param name="snapshotter">The snapshotter.</param>
    /// <param name="key">The snapshot.</param>
    /// <param name="parent">The one below it. Empty: none.</param>
    /// <param name="isCommitted">Whether it is frozen.</param>
    /// <param name="mediaType">What the layer is to be. Empty: containerd's own choice, a compressed one.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<Descriptor> PackAsync(
        Lease lease, string snapshotter, string key, string parent, bool isCommitted, string mediaType, CancellationToken cancellationToken)
    {
        string id = $"ctrps-diff-{Guid.NewGuid():N}";
        try
        {
            IReadOnlyList<Mount> lower = parent.Length == 0 ? [] : await snapshots.ViewAsync(
                lease.Namespace, snapshotter, $"{id}-lower", parent, lease.Id, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Mount> upper = isCommitted
                ? await snapshots.ViewAsync(lease.Namespace, snapshotter, $"{id}-upper", key, lease.Id, cancellationToken).ConfigureAwait(false)
                : await snapshots.GetMountsAsync(lease.Namespace, snapshotter, key, cancellationToken).ConfigureAwait(false);
            return await CompareAsync(lease, lower, upper, id, cancellationToken, mediaType).ConfigureAwait(false);
        }
        finally
        {
            foreach (string view in new[] { $"{id}-lower", $"{id}-upper" })
            {
                await DiscardAsync(lease.Namespace, snapshotter, view).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Unpacks one layer, unless it is there already.</summary>
    /// <returns>Whether it was done here, now.</returns>
    private async Task<bool> ApplyOnceAsync(
        Lease lease, string snapshotter, Descriptor layer, string diffId, string parent, string chainId, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = _turns.GetOrAdd((lease.Namespace, snapshotter, chainId), _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (bool done = false; !done;)
            {
                if (await IsHeldAsync(lease, snapshotter, chainId, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }

                done = await PrepareAsync(lease, snapshotter, parent, chainId, cancellationToken).ConfigureAwait(false) is ({ } key, { } mounts)
                    && await ApplyAsync(lease, snapshotter, layer, diffId, chainId, key, mounts, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _ = turn.Release();
        }

        var label = new Dictionary<string, string> { [UncompressedLabel] = diffId };
        await content.SetLabelsAsync(lease.Namespace, layer.Digest, label, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Whether a snapshot is there, and belongs to the lease: first the lease, then the look, as it may be collected in between.
    /// </summary>
    private async Task<bool> IsHeldAsync(Lease lease, string snapshotter, string key, CancellationToken cancellationToken)
    {
        if (await snapshots.FindAsync(lease.Namespace, snapshotter, key, cancellationToken).ConfigureAwait(false) is null)
        {
            return false;
        }

        await leases.AddSnapshotAsync(lease, snapshotter, key, cancellationToken).ConfigureAwait(false);
        return await snapshots.FindAsync(lease.Namespace, snapshotter, key, cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <summary>Unpacks one layer.</summary>
    /// <returns>False where another client did it meanwhile, and its snapshot is not ours to hold yet.</returns>
    private async Task<bool> ApplyAsync(
        Lease lease,
        string snapshotter,
        Descriptor layer,
        string diffId,
        string chainId,
        string key,
        IReadOnlyList<Mount> mounts,
        CancellationToken cancellationToken)
    {
        bool committed = false;
        try
        {
            string applied = await ApplyAsync(lease, layer, mounts, cancellationToken).ConfigureAwait(false);
            if (applied != diffId)
            {
                throw new CtrException(
                    CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The layer '{layer.Digest}' unpacks to {applied}, but its config says {diffId}.")
                {
                    Target = layer.Digest,
                };
            }

            await snapshots.CommitAsync(lease.Namespace, snapshotter, chainId, key, lease.Id, cancellationToken).ConfigureAwait(false);
            return committed = true;
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.AlreadyExists)
        {
            return false;
        }
        finally
        {
            if (!committed)
            {
                await DiscardAsync(lease.Namespace, snapshotter, key).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the snapshot that a layer is unpacked into.</summary>
    /// <returns>
    /// Nothing where the layer is there already: unpacked by another client meanwhile, or brought by the snapshotter itself (a remote one).
    /// </returns>
    private async Task<(string? Key, IReadOnlyList<Mount>? Mounts)> PrepareAsync(
        Lease lease, string snapshotter, string parent, string chainId, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            // The form of containerd's client, so that its tools know whose it is.
            long nanoseconds = DateTime.UtcNow.Ticks % TimeSpan.TicksPerSecond * 100;
            string key = string.Create(
                CultureInfo.InvariantCulture, $"extract-{nanoseconds}-{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(3))} {chainId}");
            try
            {
                var labels = new Dictionary<string, string> { ["containerd.io/snapshot.ref"] = chainId };
                return (key, await snapshots.PrepareAsync(
                    lease.Namespace, snapshotter, key, parent, labels, lease.Id, cancellationToken).ConfigureAwait(false));
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.AlreadyExists)
            {
                // By the label the snapshotter knows what it is for: either that is there, or only the name was taken, and another is drawn.
                if (await IsHeldAsync(lease, snapshotter, chainId, cancellationToken).ConfigureAwait(false))
                {
                    return default;
                }

                if (attempt >= MaxNames)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Unpacks one layer onto mounts of the daemon's machine.</summary>
    /// <returns>The digest of the uncompressed layer.</returns>
    public async Task<string> ApplyAsync(Lease lease, Descriptor layer, IReadOnlyList<Mount> mounts, CancellationToken cancellationToken)
    {
        var request = new ApplyRequest { Diff = new ContentDescriptor { MediaType = layer.MediaType, Digest = layer.Digest, Size = layer.Size } };
        request.Mounts.Add(mounts);
        ApplyResponse response = await calls.InvokeAsync(
            () => _diff.ApplyAsync(request, Calls.Unbounded(lease.Namespace, cancellationToken, lease.Id)),
            new CallSubject($"layer '{layer.Digest}'", layer.Digest),
            cancellationToken).ConfigureAwait(false);
        return response.Applied.Digest;
    }

    /// <summary>Removes a working snapshot, also when our own work was cancelled. Where the daemon is gone, the lease's end takes it along.</summary>
    public async Task DiscardAsync(string @namespace, string snapshotter, string key)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await snapshots.RemoveAsync(@namespace, snapshotter, key, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // Nobody answers: the fault that brought us here is the one to tell.
        }
    }
}

/// <summary>The layers of an image as they are unpacked.</summary>
/// <param name="ChainId">The snapshot of all of them. Empty where there are none.</param>
/// <param name="Layers">How many there are.</param>
/// <param name="Applied">How many of them were unpacked by this call; the others were there.</param>
internal sealed record UnpackedLayers(string ChainId, int Layers, int Applied);
