using System.Text;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Storage;

/// <summary>Files below containerd's folder that are no owner's.</summary>
/// <param name="Kind">
/// <see cref="CtrDiskUsageKind.Metadata"/>, <see cref="CtrDiskUsageKind.Unexplained"/>, or <see cref="CtrDiskUsageKind.Nobody"/> for what was
/// removed.
/// </param>
/// <param name="Path">Where they lie.</param>
/// <param name="Why">What they are, in words.</param>
internal sealed record DiskPlace(CtrDiskUsageKind Kind, string Path, string Why)
{
    /// <summary>Bytes in the content store, of snapshots, of unfinished writes, or of something else.</summary>
    public CtrResourceKind? Store { get; init; }

    /// <summary>
    /// Bytes that they take on the disk. Of blobs and snapshots those beyond what the records say: fewer than none where the file system compresses.
    /// </summary>
    public long Size { get; init; }

    /// <summary>The snapshotter whose next collection removes it. Null: another way, or none.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>When it was written to last.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The command that removes it. Empty: none does.</summary>
    public string FreedBy { get; init; } = "";
}

/// <summary>
/// Looks at containerd's folder and tells what the records do not: databases, blocks, and what no record knows. What a snapshot takes is not walked
/// again: the daemon has counted it.
/// </summary>
/// <param name="graph">The daemon's records.</param>
/// <param name="contentRoot">The folder of the content store; containerd's own is the one above.</param>
/// <param name="snapshotterRoots">The folders of the snapshotters, by name.</param>
internal sealed class DiskFolders(StorageGraph graph, string contentRoot, IReadOnlyDictionary<string, string> snapshotterRoots)
{
    private const string Foreign = "No part of containerd that is known writes here.";
    private const string SnapshotterPrefix = "io.containerd.snapshotter.v1.";

    private readonly List<DiskPlace> _found = [];
    private readonly HashSet<FileIdentity> _counted = [];
    private readonly MountTable _mounts = MountTable.Read();

    /// <summary>Looks. Empty where the folder is not for us to see.</summary>
    public IReadOnlyList<DiskPlace> Find(CancellationToken cancellationToken)
    {
        string root = Path.GetDirectoryName(contentRoot)!;
        try
        {
            Add(CtrDiskUsageKind.Metadata, root, "The folder itself.", Own(root));
            Dictionary<string, string> snapshotters = new(snapshotterRoots);
            foreach (string path in Directory.EnumerateFileSystemEntries(root).Order(StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                string name = Path.GetFileName(path);
                if (path == contentRoot)
                {
                    AddContent(cancellationToken);
                }
                else if (name.StartsWith(SnapshotterPrefix, StringComparison.Ordinal))
                {
                    snapshotters.TryAdd(name[SnapshotterPrefix.Length..], path);
                }
                else if (name.StartsWith("io.containerd.", StringComparison.Ordinal) || name == "tmpmounts")
                {
                    Add(CtrDiskUsageKind.Metadata, path, "What a plugin of containerd keeps.", Walk(path, cancellationToken));
                }
                else
                {
                    Add(CtrDiskUsageKind.Unexplained, path, Foreign, Walk(path, cancellationToken));
                }
            }

            foreach ((string name, string path) in snapshotters.OrderBy(one => one.Key, StringComparer.Ordinal))
            {
                AddSnapshotter(name, path, cancellationToken);
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            return [];
        }

        return _found;
    }

    private void AddContent(CancellationToken cancellationToken)
    {
        HashSet<string> known = [.. graph.Namespaces.SelectMany(records => records.Blobs.Keys)];
        string blobs = Path.Join(contentRoot, "blobs");
        long blocks = Own(contentRoot);
        long lost = 0;
        int count = 0;
        DateTimeOffset since = default;
        foreach (string path in Entries(blobs, ref blocks))
        {
            foreach (string file in Entries(path, ref blocks))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Status(file) is not { } status)
                {
                    continue;
                }

                if (known.Contains($"{Path.GetFileName(path)}:{Path.GetFileName(file)}"))
                {
                    blocks += status.Allocated - status.Size;
                    continue;
                }

                lost += status.Allocated;
                count++;
                since = since > status.ModifiedAt ? since : status.ModifiedAt;
            }
        }

        Add(CtrDiskUsageKind.Metadata, contentRoot, "Folders, and the blocks of files beyond their bytes.", blocks);
        if (count > 0)
        {
            _found.Add(new DiskPlace(CtrDiskUsageKind.Unexplained, blobs, $"{count} file{(count == 1 ? "" : "s")} that no namespace knows.")
            {
                Store = CtrResourceKind.Content,
                Size = lost,
                Since = since,
                FreedBy = "Get-CtrOrphan -Kind Content | Remove-CtrOrphan",
            });
        }

        AddIngests(cancellationToken);
        foreach (string path in FolderEntries.Of(contentRoot).Where(path => Path.GetFileName(path) is not ("blobs" or "ingest")))
        {
            Add(CtrDiskUsageKind.Unexplained, path, Foreign, Walk(path, cancellationToken));
        }
    }

    /// <summary>A folder per write, with what it is called in a file: the namespace, a number, and the name there.</summary>
    private void AddIngests(CancellationToken cancellationToken)
    {
        string folder = Path.Join(contentRoot, "ingest");
        var known = graph.Namespaces.SelectMany(records => records.Ingests.Select(ingest => (records.Name, ingest.Ref, ingest.Offset)))
            .ToDictionary(one => (one.Name, one.Ref), one => one.Offset);
        long blocks = 0;
        foreach (string path in Entries(folder, ref blocks))
        {
            long size = Walk(path, cancellationToken);
            string name = ReadText(Path.Join(path, "ref"));
            if (SnapshotFolder.NameOf(name) is { } key && known.TryGetValue((key.Namespace, key.Name), out long offset))
            {
                blocks += size - offset;
                continue;
            }

            Add(
                CtrDiskUsageKind.Unexplained, path,
                name.Length == 0 ? "An unfinished write that has no name." : $"The unfinished write '{name}', which no namespace knows.",
                size, CtrResourceKind.Ingest);
        }

        Add(CtrDiskUsageKind.Metadata, folder, "Folders and states of unfinished writes.", blocks);
    }

    private void AddSnapshotter(string snapshotter, string root, CancellationToken cancellationToken)
    {
        string folder = Path.Join(root, "snapshots");
        string database = Path.Join(root, SnapshotFolder.Database);
        if (!Directory.Exists(root))
        {
            return;
        }

        long blocks = Own(root);
        foreach (string path in FolderEntries.Of(root).Where(path => path != folder))
        {
            // What else lies here is a snapshotter's own: pools and volumes, whose snapshots it has counted itself.
            blocks += path == database || Status(path) is { IsFolder: false } ? Walk(path, cancellationToken) : 0;
        }

        IReadOnlyDictionary<string, SnapshotFolder>? names = File.Exists(database)
            ? SnapshotFolder.Read(root)
            : new Dictionary<string, SnapshotFolder>();
        foreach (string path in Entries(folder, ref blocks))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string id = Path.GetFileName(path);
            SnapshotFolder? name = names?.GetValueOrDefault(id);
            if (names is null || (name is { IsNewest: true }
                && graph.Exists(new GraphNode(CtrResourceKind.Snapshot, name.Namespace, name.Key, snapshotter))))
            {
                blocks += BesideSnapshot(snapshotter, path, cancellationToken);
                continue;
            }

            if (name is not null)
            {
                Add(
                    CtrDiskUsageKind.Nobody, path,
                    $"The snapshot '{name.Key}' of namespace '{name.Namespace}', which was removed and lies there until the next collection.",
                    Walk(path, cancellationToken), CtrResourceKind.Snapshot, snapshotter);
                continue;
            }

            string why = id.StartsWith("rm-", StringComparison.Ordinal) ? "A snapshot in the middle of its removal."
                : id.StartsWith("new-", StringComparison.Ordinal) ? "A snapshot in the middle of its making."
                : "The folder of a snapshot that is not there any more.";
            Add(CtrDiskUsageKind.Unexplained, path, why, Walk(path, cancellationToken), CtrResourceKind.Snapshot, snapshotter);
        }

        Add(CtrDiskUsageKind.Metadata, root, $"The database of the snapshotter {snapshotter}, and folders.", blocks);
    }

    /// <summary>What a snapshot takes beside what the daemon counts for it: with overlays all but <c>fs</c>, else nothing.</summary>
    private long BesideSnapshot(string snapshotter, string path, CancellationToken cancellationToken)
    {
        long size = 0;
        if (snapshotter != "native" && Directory.Exists(Path.Join(path, "fs")))
        {
            foreach (string other in Entries(path, ref size).Where(other => Path.GetFileName(other) != "fs"))
            {
                size += Walk(other, cancellationToken);
            }
        }

        return size;
    }

    private static string ReadText(string path)
    {
        const int Limit = 4096;
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[Limit];
            return Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, Limit, throwOnEndOfStream: false));
        }
        catch (IOException)
        {
            return ""; // it has ended meanwhile
        }
    }

    private void Add(
        CtrDiskUsageKind kind, string path, string why, long size, CtrResourceKind? store = null, string? snapshotter = null)
    {
        // Where nothing is left over that takes room there is nothing to tell.
        if (size == 0)
        {
            return;
        }

        _found.Add(new DiskPlace(kind, path, why)
        {
            Store = store,
            Size = size,
            Snapshotter = snapshotter,
            Since = Status(path)?.ModifiedAt ?? default,
            FreedBy = kind == CtrDiskUsageKind.Nobody ? "Invoke-CtrGarbageCollection"
                : snapshotter is null ? "" : "Get-CtrOrphan -Kind Snapshot | Remove-CtrOrphan",
        });
    }

    private static FileStatus? Status(string path) => FileStatus.Of(path, follow: false);

    /// <summary>The blocks of a file or folder itself.</summary>
    private static long Own(string path) => Status(path)?.Allocated ?? 0;

    /// <summary>What is in a folder, whose own blocks are added. Empty where it is none, or is gone.</summary>
    private static string[] Entries(string folder, ref long blocks)
    {
        if (Status(folder) is not { IsFolder: true } status)
        {
            return [];
        }

        blocks += status.Allocated;
        return FolderEntries.Of(folder);
    }

    /// <summary>
    /// The blocks of a file or folder with all below it: a file of several names once, and nothing that is mounted there.
    /// </summary>
    private long Walk(string path, CancellationToken cancellationToken)
    {
        long size = 0;
        var left = new Stack<string>([path]);
        while (left.TryPop(out string? next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Status(next) is not { } status || _mounts.Has(next))
            {
                continue;
            }

            if (status.IsFolder)
            {
                foreach (string entry in Entries(next, ref size))
                {
                    left.Push(entry);
                }
            }
            else if (status.Links < 2 || _counted.Add(status.Identity))
            {
                size += status.Allocated;
            }
        }

        return size;
    }
}
