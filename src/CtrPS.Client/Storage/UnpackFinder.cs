using Containerd.Services.Snapshots.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Images;
using CtrPS.Client.Images.Files;
using CtrPS.Client.Oci;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Storage;

/// <summary>
/// Finds overlays that show what their layer deletes. containerd 2.2.0 to 2.2.2 unpacks layers side by side into folders that it binds instead of
/// laying them over those below (containerd#13030): what a layer deletes is then not marked, and shows again in containers. Each layer of what is
/// unpacked is read for that, once.
/// </summary>
internal sealed class UnpackFinder(ContainerdConnection connection, StorageGraph graph)
{
    private readonly LayerIndexes _indexes = new();
    private readonly Dictionary<string, IReadOnlyDictionary<(string Namespace, string Key), string>> _folders = [];
    private readonly HashSet<GraphNode> _seen = [];
    private readonly HashSet<GraphNode> _told = [];
    private readonly List<CtrOrphan> _found = [];
    private readonly List<CtrException> _faults = [];

    /// <summary>Finds them, and what stands on them. An image whose layers cannot be read is told of, and the others are looked at.</summary>
    public async Task<FoundOrphans> FindAsync(Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> roots = await connection.Facts.GetSnapshotterRootsAsync(cancellationToken).ConfigureAwait(false);
        foreach (NamespaceRecords records in graph.Namespaces.Where(one => isWanted(one.Name)))
        {
            var source = new ImageSource(connection, records.Name, listed: true, cancellationToken);
            foreach (var record in records.Images.Values.OrderBy(one => one.Name, StringComparer.Ordinal))
            {
                CtrImage image = Records.ToImage(record, records.Name);
                try
                {
                    ImageNode root = await source.ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
                    foreach (ImageNode manifest in root.Manifests
                        .Where(one => one is { IsFileSystem: true, IsAttestation: false, Config.IsSound: true }))
                    {
                        await CheckAsync(records, source, image, manifest, roots, cancellationToken).ConfigureAwait(false);
                    }
                }
                catch (CtrException e) when (!e.IsConnectionFault)
                {
                    _faults.Add(e);
                }
            }
        }

        return new FoundOrphans(_found, _faults);
    }

    private async Task CheckAsync(
        NamespaceRecords records,
        ImageSource source,
        CtrImage image,
        ImageNode manifest,
        IReadOnlyDictionary<string, string> roots,
        CancellationToken cancellationToken)
    {
        PlatformImage platform = await PlatformImage.ReadAsync(source, image, manifest, "cannot be read", cancellationToken).ConfigureAwait(false);
        ImageNode[] layers = [.. manifest.Layers];
        IReadOnlyList<string> chain = platform.Config.ChainIds;
        foreach ((string snapshotter, string root) in roots.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            if (chain.Count != layers.Length || chain.Count == 0 || !records.Snapshots.ContainsKey((snapshotter, chain[^1])))
            {
                continue;
            }

            IReadOnlyDictionary<(string, string), string> folders = FoldersOf(snapshotter, root);

            for (int i = 1; i < layers.Length; i++)
            {
                string[] below = [.. chain.Take(i + 1).Select(key => folders.GetValueOrDefault((records.Name, key))).OfType<string>()];
                if (below.Length == i + 1 && layers[i].IsSound
                    && _seen.Add(new GraphNode(CtrResourceKind.Snapshot, records.Name, chain[i], snapshotter)))
                {
                    var reader = new LayerReader(source, layers[i], manifest, $"Image '{image.Name}' cannot be compared with its snapshots");
                    LayerIndex layer =
                        await _indexes.GetAsync(layers[i].Descriptor.Digest, reader.ReadAsync, cancellationToken).ConfigureAwait(false);
                    string[] shown = [.. Deleted(layer.Root, "").Where(one => IsShown(below, one.Path, one.IsFolder)).Select(one => one.Path)];
                    if (shown.Length > 0)
                    {
                        Add(records, snapshotter, chain[i], image.Name, shown);
                    }
                }
            }
        }
    }

    /// <summary>The folders of a snapshotter's snapshots, but for those that are no overlays or cannot be seen.</summary>
    private IReadOnlyDictionary<(string Namespace, string Key), string> FoldersOf(string snapshotter, string root)
    {
        if (!_folders.TryGetValue(snapshotter, out IReadOnlyDictionary<(string Namespace, string Key), string>? folders))
        {
            folders = (SnapshotFolder.Read(root) ?? new Dictionary<string, SnapshotFolder>())
                .Where(one => one.Value.IsNewest)
                .Select(one => (one.Value.Namespace, one.Value.Key, Path: Path.Join(root, "snapshots", one.Key, "fs")))
                .Where(one => Directory.Exists(one.Path)) // all of a file system lies in native's
                .ToDictionary(one => (one.Namespace, one.Key), one => one.Path);
            _folders[snapshotter] = folders;
        }

        return folders;
    }

    /// <summary>What a layer deletes: names, and folders whose earlier content goes.</summary>
    private static IEnumerable<(string Path, bool IsFolder)> Deleted(LayerNode folder, string path)
    {
        if (folder.IsOpaque)
        {
            yield return (path, true);
        }

        foreach ((string name, LayerNode child) in folder.Children ?? [])
        {
            string own = $"{path}/{name}";
            if (child.IsWhiteout)
            {
                yield return (own, false);
            }

            foreach ((string, bool) below in Deleted(child, own))
            {
                yield return below;
            }
        }
    }

    /// <summary>Whether a lower layer's file shows through the last of the folders, where it is deleted.</summary>
    private static bool IsShown(string[] folders, string path, bool isFolder)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int at = folders.Length - 1; at >= 0; at--)
        {
            string place = folders[at];
            bool endsHere = false, isThere = true;
            for (int i = 0; i < parts.Length && isThere; i++)
            {
                endsHere |= FileStatus.IsOpaque(place); // nothing of it comes from further below
                place = Path.Join(place, parts[i]);
                FileStatus? status = FileStatus.Of(place, follow: false);
                isThere = status is not null;
                if (status is { IsWhiteout: true } || (i < parts.Length - 1 && status is { IsFolder: false }))
                {
                    return false; // deleted, or a file where a folder was
                }
            }

            if (isThere && isFolder && FileStatus.IsOpaque(place))
            {
                return false;
            }

            if (isThere && at < folders.Length - 1)
            {
                // Of a folder whose content goes it matters whether there was any.
                return !isFolder || (FileStatus.Of(place, follow: false) is { IsFolder: true } && FolderEntries.Of(place).Length > 0);
            }

            if (endsHere)
            {
                return false;
            }
        }

        return false;
    }

    private void Add(NamespaceRecords records, string snapshotter, string key, string image, string[] shown)
    {
        string files = shown.Length == 1 ? $"'{shown[0]}'" : $"{shown.Length} files, '{shown[0]}' among them";
        Add(records, snapshotter, key, image, 0, $"It shows {files}, which its layer deletes: containerd 2.2.0 to 2.2.2 unpacked so.");
        ILookup<string, string> above = records.Snapshots
            .Where(one => one.Key.Snapshotter == snapshotter && one.Value.Kind == Kind.Committed)
            .ToLookup(one => one.Value.Parent, one => one.Key.Key);
        var pending = new Queue<(string Key, int Depth)>([(key, 1)]);
        while (pending.TryDequeue(out var next))
        {
            foreach (string child in above[next.Key])
            {
                Add(records, snapshotter, child, image, next.Depth, $"It stands on '{key}', which shows what its layer deletes.");
                pending.Enqueue((child, next.Depth + 1));
            }
        }
    }

    private void Add(NamespaceRecords records, string snapshotter, string key, string image, int depth, string reason)
    {
        if (!_told.Add(new GraphNode(CtrResourceKind.Snapshot, records.Name, key, snapshotter)))
        {
            return;
        }

        var info = records.Snapshots[(snapshotter, key)];
        string place = $"-Namespace {GraphOwners.Quoted(records.Name)}";
        _found.Add(new CtrOrphan
        {
            Kind = CtrResourceKind.Snapshot,
            Key = key,
            Namespace = records.Name,
            Snapshotter = snapshotter,
            Since = WireTime.ToTime(info.CreatedAt),
            Age = WireTime.ToTime(info.CreatedAt) is { } time ? graph.Now - time : null,
            Reason = reason,
            Order = depth,
            FreedBy = $"Get-CtrOrphan -Deep {place} -Kind Snapshot | Remove-CtrOrphan -Deep; "
                + $"Expand-CtrImage {GraphOwners.Quoted(image)} {place} -Snapshotter {snapshotter}",
        });
    }
}
