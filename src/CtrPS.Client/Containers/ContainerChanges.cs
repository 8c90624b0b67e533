using Containerd.Services.Containers.V1;
using Containerd.Services.Snapshots.V1;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Snapshots;
using Mount = Containerd.Types.Mount;

namespace CtrPS.Client.Containers;

/// <summary>What containers have changed in their file systems, as the daemon tells it.</summary>
internal sealed class ContainerChanges(SnapshotStore snapshots, Unpacker unpacker)
{
    /// <summary>The snapshot of a container.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotFound"/>.</exception>
    public async Task<Info> GetSnapshotAsync(
        string @namespace, string id, string snapshotter, string key, CancellationToken cancellationToken) =>
        await snapshots.FindAsync(@namespace, snapshotter, key, cancellationToken).ConfigureAwait(false) ?? throw new CtrException(
            CtrErrorIds.NotFound, CtrStatus.NotFound, $"The snapshot '{key}' of container '{id}' in namespace '{@namespace}' is gone.")
        {
            Target = id,
        };

    /// <summary>Packs the changes into a layer (pkg/rootfs/diff.go, CreateDiff).</summary>
    public async Task<Descriptor> PackAsync(Lease lease, Container container, CancellationToken cancellationToken)
    {
        Info snapshot = await GetSnapshotAsync(
            lease.Namespace, container.Id, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
        return await CompareAsync(
            lease,
            container.Snapshotter,
            snapshot,
            (lower, upper) => unpacker.CompareAsync(lease, lower, upper, $"ctrps-diff-{Guid.NewGuid():N}", cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lends what is below the snapshot of a container, and the snapshot itself. Nothing is below one that was made of no image.</summary>
    public async Task<T> CompareAsync<T>(
        Lease lease,
        string snapshotter,
        Info snapshot,
        Func<IReadOnlyList<Mount>, IReadOnlyList<Mount>, Task<T>> compare,
        CancellationToken cancellationToken)
    {
        string @namespace = lease.Namespace;
        string? view = snapshot.Parent.Length == 0 ? null : $"{snapshot.Parent}-parent-view-{Guid.NewGuid():N}";
        try
        {
            IReadOnlyList<Mount> lower = view is null ? [] : await snapshots.ViewAsync(
                @namespace, snapshotter, view, snapshot.Parent, lease.Id, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Mount> upper = await snapshots.GetMountsAsync(
                @namespace, snapshotter, snapshot.Name, cancellationToken).ConfigureAwait(false);
            return await compare(lower, upper).ConfigureAwait(false);
        }
        finally
        {
            if (view is not null)
            {
                await unpacker.DiscardAsync(@namespace, snapshotter, view).ConfigureAwait(false);
            }
        }
    }
}
