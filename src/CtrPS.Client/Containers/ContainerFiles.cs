using Containerd.Services.Snapshots.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Containers.Files;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Posix;
using CtrPS.Client.Snapshots;
using Microsoft.Win32.SafeHandles;
using Mount = Containerd.Types.Mount;

namespace CtrPS.Client.Containers;

/// <inheritdoc/>
internal sealed class ContainerFiles(ContainerdConnection connection) : IContainerFiles
{
    private const string PlainLayer = "application/vnd.oci.image.layer.v1.tar";

    /// <remarks>
    /// The daemon's comparison tells what the upper side has and what it lacks (whiteouts), not what is new. So it is asked both ways: what the image
    /// lacks is added, and what a deleted file was stands in the second answer. Folders on the way to a change are in it, as docker diff has them.
    /// </remarks>
    public async Task<IReadOnlyList<CtrContainerChange>> CompareAsync(
        CtrContainer container, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Info snapshot = await SnapshotOfAsync(container, cancellationToken).ConfigureAwait(false);
        Lease lease = await connection.Leases.CreateAsync(container.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            return await connection.Changes.CompareAsync(
                lease,
                container.Snapshotter,
                snapshot,
                async (lower, upper) =>
                {
                    meter.Show("Comparing with the image");
                    Dictionary<string, Entry> now = await ListDiffAsync(lease, lower, upper, cancellationToken).ConfigureAwait(false);
                    Dictionary<string, Entry> before = lower.Count == 0 || now.Count == 0
                        ? []
                        : await ListDiffAsync(lease, upper, lower, cancellationToken).ConfigureAwait(false);
                    return now.OrderBy(one => one.Key, StringComparer.Ordinal)
                        .Select(one => ToChange(container, one.Key, one.Value, before, lower.Count == 0)).ToArray();
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<ICtrContainerTar> PackAsync(CtrContainer container, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        _ = await SnapshotOfAsync(container, cancellationToken).ConfigureAwait(false);
        Lease lease = await connection.Leases.CreateAsync(container.Namespace, cancellationToken).ConfigureAwait(false);
        try
        {
            IReadOnlyList<Mount> mounts = await connection.Snapshots.GetMountsAsync(
                container.Namespace, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
            meter.Show("The daemon packs it");
            return new ContainerTar(connection, lease, await DiffAsync(lease, [], mounts, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<long?> MeasureAsync(CtrContainer container, CancellationToken cancellationToken) => container.SnapshotKey.Length == 0
        ? null
        : (await connection.Snapshots.FindUsageAsync(
            container.Namespace, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false))?.Size;

    public async Task<ICtrContainerRoot> OpenAsync(CtrContainer container, bool toWrite, CancellationToken cancellationToken)
    {
        await connection.Machine.RequireRootAsync("The files of containers", cancellationToken).ConfigureAwait(false);
        CtrContainer now = await connection.Containers.FindAsync(container.Namespace, container.Id, cancellationToken).ConfigureAwait(false)
            ?? throw Changed(container);
        if (now is { ProcessId: > 0 and var process, State: not (CtrTaskState.None or CtrTaskState.Stopped) })
        {
            if (!await connection.Machine.HasProcessesHereAsync(cancellationToken).ConfigureAwait(false))
            {
                throw connection.Machine.NotLocal("The files of running containers");
            }

            SafeFileHandle live = OpenLive(now, process);
            try
            {
                // Process ids are used again: it was the container's if the container still has it.
                CtrContainer? later =
                    await connection.Containers.FindAsync(container.Namespace, container.Id, cancellationToken).ConfigureAwait(false);
                return later?.ProcessId == process && later.State != CtrTaskState.Stopped ? new ContainerRoot(now, live) : throw Changed(now);
            }
            catch
            {
                live.Dispose();
                throw;
            }
        }

        _ = await SnapshotOfAsync(now, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Mount> mounts = await connection.Snapshots.GetMountsAsync(
            now.Namespace, now.Snapshotter, now.SnapshotKey, cancellationToken).ConfigureAwait(false);
        if (!toWrite)
        {
            return new ContainerRoot(now, SnapshotMounts.Open([.. mounts.Select(SnapshotMounts.ToRead)]));
        }

        SafeFileHandle? turn = await SnapshotMounts.TakeTurnAsync(mounts, cancellationToken).ConfigureAwait(false);
        try
        {
            return new ContainerRoot(now, SnapshotMounts.OpenToWrite(mounts), turn);
        }
        catch
        {
            turn?.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenLive(CtrContainer container, long process)
    {
        try
        {
            return RootedFiles.OpenRoot($"/proc/{process}/root");
        }
        catch (IOException e)
        {
            throw Changed(container, e);
        }
    }

    private static CtrException Changed(CtrContainer container, Exception? cause = null) => new(
        CtrErrorIds.TaskState,
        CtrStatus.FailedPrecondition,
        $"The container '{container.Id}' in namespace '{container.Namespace}' ended while its file system was opened.",
        cause)
    {
        Target = container.Id,
        RecommendedAction = "Try again.",
    };

    private static CtrContainerChange ToChange(
        CtrContainer container, string path, Entry entry, Dictionary<string, Entry> before, bool isAllNew)
    {
        CtrContainerChangeKind change = entry.IsWhiteout ? CtrContainerChangeKind.Deleted
            : isAllNew || Lacks(before, path) ? CtrContainerChangeKind.Added
            : CtrContainerChangeKind.Changed;
        Entry? known = entry.IsWhiteout ? before.GetValueOrDefault(path) : entry;
        return new CtrContainerChange
        {
            ContainerId = container.Id,
            Namespace = container.Namespace,
            Path = path,
            Change = change,
            Kind = known?.Kind,
            Size = known is { Kind: CtrFileKind.File } ? known.Size : null,
        };
    }

    /// <summary>Whether a path, or a folder that it is in, is a whiteout.</summary>
    private static bool Lacks(Dictionary<string, Entry> entries, string path)
    {
        for (string one = path; one.Length > 1; one = one[..Math.Max(0, one.LastIndexOf('/'))])
        {
            if (entries.TryGetValue(one, out Entry? entry))
            {
                return entry.IsWhiteout;
            }
        }

        return false;
    }

    private Task<Descriptor> DiffAsync(
        Lease lease, IReadOnlyList<Mount> lower, IReadOnlyList<Mount> upper, CancellationToken cancellationToken) =>
        connection.Unpacker.CompareAsync(lease, lower, upper, $"ctrps-compare-{Guid.NewGuid():N}", cancellationToken, PlainLayer);

    private async Task<Dictionary<string, Entry>> ListDiffAsync(
        Lease lease, IReadOnlyList<Mount> lower, IReadOnlyList<Mount> upper, CancellationToken cancellationToken)
    {
        Descriptor layer = await DiffAsync(lease, lower, upper, cancellationToken).ConfigureAwait(false);
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        Stream tar = await connection.Content.OpenNearestAsync(lease.Namespace, layer, 0, cancellationToken).ConfigureAwait(false);
        await using (tar.ConfigureAwait(false))
        {
            var scanner = new TarScanner(tar, (kind, what, cause) => kind == FormatFaultKind.Limit
                ? new CtrException(CtrErrorIds.ResourceExhausted, CtrStatus.ResourceExhausted, $"The container differs too much: {what}", cause)
                : new CtrException(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"What the daemon packed cannot be read: {what}", cause));
            while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                string[] parts = [.. item.Name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".")];
                if (parts.Length == 0 || parts[^1].StartsWith(Whiteouts.Reserved, StringComparison.Ordinal))
                {
                    continue;
                }

                bool isWhiteout = parts[^1].StartsWith(Whiteouts.Prefix, StringComparison.Ordinal);
                string name = isWhiteout ? parts[^1][Whiteouts.Prefix.Length..] : parts[^1];
                string path = string.Concat(parts[..^1].Append(name).Select(part => "/" + part));

                // What was a folder and is a file now is a whiteout and an entry: the entry counts.
                if (!isWhiteout || !entries.ContainsKey(path))
                {
                    entries[path] = new Entry(isWhiteout, KindOf(item.Kind, scanner.CurrentAttributes.Type), item.Size);
                }
            }
        }

        return entries;
    }

    private static CtrFileKind? KindOf(TarItemKind kind, char type) => kind switch
    {
        TarItemKind.File or TarItemKind.HardLink => CtrFileKind.File,
        TarItemKind.SymbolicLink => CtrFileKind.SymbolicLink,
        _ => type switch
        {
            '3' => CtrFileKind.CharacterDevice,
            '4' => CtrFileKind.BlockDevice,
            '5' or '\0' => CtrFileKind.Directory,
            '6' => CtrFileKind.Fifo,
            _ => null,
        },
    };

    private async Task<Info> SnapshotOfAsync(CtrContainer container, CancellationToken cancellationToken)
    {
        if (container.SnapshotKey.Length == 0)
        {
            throw new CtrException(
                CtrErrorIds.FailedPrecondition,
                CtrStatus.FailedPrecondition,
                $"The container '{container.Id}' in namespace '{container.Namespace}' has no snapshot: its files are not containerd's.")
            {
                Target = container.Id,
            };
        }

        return await connection.Changes.GetSnapshotAsync(
            container.Namespace, container.Id, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="IsWhiteout">It says that there is nothing.</param>
    /// <param name="Kind">What it is.</param>
    /// <param name="Size">Bytes.</param>
    private sealed record Entry(bool IsWhiteout, CtrFileKind? Kind, long Size);
}
