using Containerd.Services.Containers.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Containers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Storage;

/// <summary>
/// Removes all that a namespace has: what uses before what is used. It begins each time with what is there, so that it can be broken off and gone on
/// with.
/// </summary>
internal sealed class NamespaceClearer(ContainerdConnection connection)
{
    /// <summary>Nothing where there is no such namespace.</summary>
    public async Task<NamespaceContent> CountAsync(string @namespace, CancellationToken cancellationToken) =>
        await FindAsync(@namespace, cancellationToken).ConfigureAwait(false) is not { } records ? new NamespaceContent() : new NamespaceContent
        {
            Tasks = records.Tasks.Count,
            Containers = records.Containers.Count,
            Images = records.Images.Count,
            Leases = records.Leases.Count,
            Ingests = records.Ingests.Count,
            Snapshots = records.Snapshots.Count,
            Blobs = records.Blobs.Count,
            Mounts = [.. records.Leases.Select(lease => lease.Info.Id).Where(id => id.StartsWith('/')).Order(StringComparer.Ordinal)],
        };

    public async Task ClearAsync(string @namespace, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        if (await FindAsync(@namespace, cancellationToken).ConfigureAwait(false) is not { } records)
        {
            return;
        }

        meter.Show("Ending tasks");
        foreach (CtrTask task in records.Tasks)
        {
            await RemoveTaskAsync(@namespace, task.Id, records.Containers.ContainsKey(task.Id), cancellationToken).ConfigureAwait(false);
        }

        meter.Show("Removing containers");
        foreach (string id in records.Containers.Keys)
        {
            await UnlessGoneAsync(() => connection.Containers.DeleteAsync(@namespace, id, keepSnapshot: false, cancellationToken))
                .ConfigureAwait(false);
        }

        meter.Show("Removing images and leases");
        foreach (LeaseHold lease in records.Leases)
        {
            await connection.Leases.DeleteAsync(@namespace, lease.Info.Id, collect: false, cancellationToken).ConfigureAwait(false);
        }

        foreach (string name in records.Images.Keys)
        {
            await UnlessGoneAsync(() => connection.Images.DeleteAsync(@namespace, name, null, cancellationToken)).ConfigureAwait(false);
        }

        foreach (Containerd.Services.Content.V1.Status ingest in records.Ingests)
        {
            await connection.Content.AbortAsync(@namespace, ingest.Ref, cancellationToken).ConfigureAwait(false);
        }

        // Nearly all is garbage now, which the daemon takes at once; what is left is kept by labels.
        meter.Show("Collecting garbage");
        await connection.Garbage.CollectAsync(@namespace, cancellationToken).ConfigureAwait(false);
        if (await FindAsync(@namespace, cancellationToken).ConfigureAwait(false) is not { } left)
        {
            return;
        }

        meter.Show("Removing snapshots and blobs");
        foreach (((string snapshotter, string key), _) in left.Snapshots.OrderByDescending(one => Depth(left, one.Key)))
        {
            await connection.Snapshots.RemoveAsync(@namespace, snapshotter, key, cancellationToken).ConfigureAwait(false);
        }

        foreach (string digest in left.Blobs.Keys)
        {
            await connection.Content.DeleteAsync(@namespace, digest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends a task and removes it. The daemon finds a task by the record of its container alone: where that is gone, there is one for as long as the
    /// removal takes. What runtime that names does not matter: the daemon has the task's own shim by its id, and asks the record for no more than
    /// whether it is there (runtime/v2, TaskManager.Delete, 1.6 to 2.3).
    /// </summary>
    public async Task RemoveTaskAsync(string @namespace, string id, bool hasContainer, CancellationToken cancellationToken)
    {
        if (!hasContainer)
        {
            var record = new Container
            {
                Id = id,
                Runtime = new Container.Types.Runtime { Name = ContainerNames.RuncRuntime },
                Spec = new Any { TypeUrl = ContainerRecords.SpecUrl, Value = ByteString.CopyFromUtf8("{}") },
            };
            _ = await connection.Containers.CreateRecordAsync(@namespace, record, null, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            _ = await connection.Stopper.RemoveAsync(@namespace, id, kill: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!hasContainer)
            {
                await connection.Containers.DeleteRecordAsync(@namespace, id, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task<NamespaceRecords?> FindAsync(string @namespace, CancellationToken cancellationToken) =>
        (await connection.Reader.ReadAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(records => records.Name == @namespace);

    /// <summary>Snapshots below one.</summary>
    private static int Depth(NamespaceRecords records, (string Snapshotter, string Key) one)
    {
        int depth = 0;
        while (depth < records.Snapshots.Count && records.Snapshots.TryGetValue(one, out var info) && info.Parent.Length > 0)
        {
            one.Key = info.Parent;
            depth++;
        }

        return depth;
    }

    /// <summary>Another client may have been faster.</summary>
    private static async Task UnlessGoneAsync(Func<Task> remove)
    {
        try
        {
            await remove().ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Status == CtrStatus.NotFound)
        {
            // That is what was wanted.
        }
    }
}
