using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using CtrPS.Client.Connection;

namespace CtrPS.Client.Storage;

/// <summary>Finds what nobody needs, and what lacks what it needs.</summary>
/// <param name="graph">The daemon.</param>
/// <param name="idle">How long a write has to stand still, and how old a file has to be that nobody knows.</param>
/// <param name="contentRoot">The folder of the content store. Null: it is on another machine.</param>
/// <param name="places">What else lies in containerd's folder. Empty: it cannot be seen from here.</param>
internal sealed class OrphanFinder(StorageGraph graph, TimeSpan idle, string? contentRoot, IReadOnlyList<DiskPlace> places)
{
    private readonly List<CtrOrphan> _found = [];

    /// <summary>Finds them in some namespaces.</summary>
    public IReadOnlyList<CtrOrphan> Find(Func<string, bool> isWanted)
    {
        var owners = new GraphOwners(graph);
        ILookup<string, GraphOwner> byNamespace = owners.All
            .Where(owner => owner.Kind is not (CtrDiskUsageKind.Snapshot or CtrDiskUsageKind.Content or CtrDiskUsageKind.Ingest))
            .ToLookup(owner => owner.Namespace, StringComparer.Ordinal);
        HashSet<string>? files = contentRoot is null ? null : Files(contentRoot);
        foreach (NamespaceRecords records in graph.Namespaces.Where(records => isWanted(records.Name)))
        {
            HashSet<GraphNode> owned = [.. byNamespace[records.Name].SelectMany(owners.Reach)];
            AddSnapshots(records, owned);
            AddBlobs(records, owned, files);
            AddLeases(records);
            AddIngests(records);
            AddTasks(records);
            AddContainers(records);
            AddImages(records);
        }

        if (isWanted(""))
        {
            AddFiles(files ?? []);
            AddFolders();
        }

        return _found;
    }

    private void AddSnapshots(NamespaceRecords records, HashSet<GraphNode> owned)
    {
        ILookup<(string, string), (string, string)> children =
            records.Snapshots.ToLookup(one => (one.Key.Snapshotter, one.Value.Parent), one => one.Key);
        foreach ((string snapshotter, string key) in records.Snapshots.Keys)
        {
            if (owned.Contains(new GraphNode(CtrResourceKind.Snapshot, records.Name, key, snapshotter)))
            {
                continue;
            }

            var info = records.Snapshots[(snapshotter, key)];
            int below = 0;
            for (string parent = info.Parent; parent.Length > 0 && below < records.Snapshots.Count; below++)
            {
                parent = records.Snapshots.TryGetValue((snapshotter, parent), out var next) ? next.Parent : "";
            }

            bool isRoot = graph.HasRootLabel(info.Labels);
            CtrOrphan orphan = Add(records, CtrResourceKind.Snapshot, key, WireTime.ToTime(info.UpdatedAt) ?? WireTime.ToTime(info.CreatedAt), isRoot
                ? $"No image, container or lease needs it. Its label {CollectorLabels.Root} keeps it."
                : children.Contains((snapshotter, key)) ? "No image, container or lease needs it, nor what stands on it."
                : "No image, container or lease needs it.");
            orphan.Snapshotter = snapshotter;
            Keep(orphan, isRoot);
            orphan.Order = below;
        }
    }

    private void AddBlobs(NamespaceRecords records, HashSet<GraphNode> owned, HashSet<string>? files)
    {
        foreach (Info blob in records.Blobs.Values)
        {
            bool isLost = files?.Contains(blob.Digest) == false;
            bool isOwned = owned.Contains(new GraphNode(CtrResourceKind.Content, records.Name, blob.Digest));
            if (isLost || !isOwned)
            {
                bool isKept = !isLost && graph.HasRootLabel(blob.Labels);
                CtrOrphan orphan = Add(records, CtrResourceKind.Content, blob.Digest, WireTime.ToTime(blob.CreatedAt), isLost
                    ? $"Its record is there, and its file is gone.{(isOwned ? " An image, a container or a lease needs it." : "")}"
                    : isKept
                        ? $"No image or lease needs it. Its label {CollectorLabels.Root} keeps it."
                        : "No image or lease needs it.");
                orphan.Size = isLost ? 0 : blob.Size;
                orphan.Holders = graph.Namespaces.Count(other => other.Blobs.ContainsKey(blob.Digest));
                Keep(orphan, isKept);
            }
        }
    }

    private void AddLeases(NamespaceRecords records)
    {
        foreach (LeaseHold lease in records.Leases)
        {
            if (CollectorView.IsOver(lease.Info, graph.Now))
            {
                Add(records, CtrResourceKind.Lease, lease.Info.Id, lease.Info.CreatedAt, "Its time is over.");
            }
            else if (lease.Info.IsAbandoned)
            {
                Add(records, CtrResourceKind.Lease, lease.Info.Id, lease.Info.CreatedAt, lease.Info.Work is null
                    ? "The process of CtrPS that made it is gone."
                    : "The process of CtrPS that made it is gone, in the middle of a copy that could be gone on with.");
            }
        }
    }

    private void AddIngests(NamespaceRecords records)
    {
        foreach (Status ingest in records.Ingests)
        {
            DateTimeOffset? last = WireTime.ToTime(ingest.UpdatedAt) ?? WireTime.ToTime(ingest.StartedAt);
            if (last is { } time && graph.Now - time >= idle)
            {
                Add(records, CtrResourceKind.Ingest, ingest.Ref, last, "Nothing was written to it since then.").Size = ingest.Offset;
            }
        }
    }

    private void AddTasks(NamespaceRecords records)
    {
        foreach (CtrTask task in records.Tasks.Where(task => !records.Containers.ContainsKey(task.Id)))
        {
            Add(records, CtrResourceKind.Task, task.Id, task.ExitedAt, $"It is {task.State}, and its container is gone.");
        }
    }

    /// <summary>A container without a task is one that was stopped, or not started yet: no orphan while its file system is there.</summary>
    private void AddContainers(NamespaceRecords records)
    {
        foreach (Container container in records.Containers.Values.Where(container =>
            container is { Snapshotter.Length: > 0, SnapshotKey.Length: > 0 }
            && !records.Snapshots.ContainsKey((container.Snapshotter, container.SnapshotKey))
            && !records.Tasks.Any(task => task.Id == container.Id)))
        {
            Add(
                records, CtrResourceKind.Container, container.Id, WireTime.ToTime(container.UpdatedAt),
                $"It has no task, and its snapshot '{container.SnapshotKey}' of {container.Snapshotter} is gone.");
        }
    }

    private void AddImages(NamespaceRecords records)
    {
        foreach (Image image in records.Images.Values.Where(image => !records.Blobs.ContainsKey(image.Target.Digest)))
        {
            Add(
                records, CtrResourceKind.Image, image.Name, WireTime.ToTime(image.UpdatedAt),
                $"The blob {image.Target.Digest} that it points to is gone.");
        }
    }

    /// <summary>
    /// Files that no record of any namespace names. A collection that removes blobs takes them along. One that is new may get its record just now.
    /// </summary>
    private void AddFiles(HashSet<string> files)
    {
        HashSet<string> known = [.. graph.Namespaces.SelectMany(records => records.Blobs.Keys)];
        foreach (string digest in files.Where(digest => !known.Contains(digest)).Order(StringComparer.Ordinal))
        {
            var file = new FileInfo(PathOf(contentRoot!, digest));
            if (file.Exists && graph.Now - file.LastWriteTime >= idle)
            {
                _found.Add(new CtrOrphan
                {
                    Kind = CtrResourceKind.Content,
                    Key = digest,
                    Namespace = "",
                    Size = file.Length,
                    Since = new DateTimeOffset(file.LastWriteTime),
                    Age = graph.Now - file.LastWriteTime,
                    Reason = "It is a file of the content store that no namespace knows.",
                    FreedBy = $"Remove-CtrOrphan {GraphOwners.Quoted(digest)}",
                });
            }
        }
    }

    /// <summary>
    /// Folders of snapshots that no record of any namespace names. A snapshotter with a clean-up removes them when it is collected. One that is new
    /// may get its record just now.
    /// </summary>
    private void AddFolders()
    {
        foreach (DiskPlace place in places.Where(place => place.Snapshotter is not null && graph.Now - place.Since >= idle))
        {
            _found.Add(new CtrOrphan
            {
                Kind = CtrResourceKind.Snapshot,
                Key = place.Path,
                Namespace = "",
                Snapshotter = place.Snapshotter,
                Size = place.Size,
                Since = place.Since,
                Age = graph.Now - place.Since,
                Reason = place.Why,
                FreedBy = $"Remove-CtrOrphan {GraphOwners.Quoted(place.Path)}",
            });
        }
    }

    /// <summary>The digests of the files in the content store.</summary>
    private static HashSet<string>? Files(string root)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (string folder in Directory.EnumerateDirectories(Path.Join(root, "blobs")))
            {
                files.UnionWith(Directory.EnumerateFiles(folder).Select(file => $"{Path.GetFileName(folder)}:{Path.GetFileName(file)}"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // not for us to see: then nothing is told of files
        }

        return files;
    }

    public static string PathOf(string root, string digest) => Path.Join(root, "blobs", digest.Replace(':', '/'));

    private static void Keep(CtrOrphan orphan, bool isKept)
    {
        orphan.IsKept = isKept;
        orphan.FreedBy += isKept ? " -Force" : "";
    }

    private CtrOrphan Add(NamespaceRecords records, CtrResourceKind kind, string key, DateTimeOffset? since, string reason)
    {
        var orphan = new CtrOrphan
        {
            Kind = kind,
            Key = key,
            Namespace = records.Name,
            Since = since,
            Age = since is { } time ? graph.Now - time : null,
            Reason = reason,
            FreedBy = $"Remove-CtrOrphan {GraphOwners.Quoted(key)} -Namespace {GraphOwners.Quoted(records.Name)} -Kind {kind}",
        };
        _found.Add(orphan);
        return orphan;
    }
}
