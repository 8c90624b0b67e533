using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using Containerd.Services.Sandbox.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Containers;
using CtrPS.Client.Leases;
using CtrPS.Client.Server;
using CtrPS.Client.Snapshots;
using Grpc.Net.Client;

namespace CtrPS.Client.Storage;

/// <summary>
/// Reads what all namespaces of a daemon have: a fixed number of calls for each namespace, and one for each lease. What is owned is read before what
/// owns it, so that what was made meanwhile is not taken for nobody's.
/// </summary>
internal sealed class DaemonReader(
    GrpcChannel channel,
    Calls calls,
    ServerFacts facts,
    INamespaceStore namespaces,
    SnapshotStore snapshots,
    LeaseStore leases,
    ContainerStore containers,
    ITaskStore tasks)
{
    /// <summary>Namespaces read at the same time.</summary>
    private const int Width = 4;

    /// <summary>Leases asked for at the same time.</summary>
    private const int LeaseWidth = 16;

    private readonly Containerd.Services.Content.V1.Content.ContentClient _content = new(channel);
    private readonly Containerd.Services.Images.V1.Images.ImagesClient _images = new(channel);
    private readonly Containerd.Services.Leases.V1.Leases.LeasesClient _leases = new(channel);
    private readonly Store.StoreClient _sandboxes = new(channel);

    public async Task<IReadOnlyList<NamespaceRecords>> ReadAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrNamespace> all = await namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> snapshotters = await facts.GetSnapshottersAsync(cancellationToken).ConfigureAwait(false);
        var read = new List<NamespaceRecords>(all.Count);
        await foreach (NamespaceRecords records in OrderedParallel.SelectAsync(
            all.Select(one => one.Name), Width, (name, token) => ReadAsync(name, snapshotters, token), cancellationToken).ConfigureAwait(false))
        {
            read.Add(records);
        }

        return read;
    }

    private async Task<NamespaceRecords> ReadAsync(string name, IReadOnlyList<string> snapshotters, CancellationToken cancellationToken)
    {
        Task<Dictionary<string, Info>> blobs = ReadBlobsAsync(name, cancellationToken);
        Task<Dictionary<(string, string), Containerd.Services.Snapshots.V1.Info>> some = ReadSnapshotsAsync(name, snapshotters, cancellationToken);
        Task<IReadOnlyList<Status>> ingests = ReadIngestsAsync(name, cancellationToken);
        await Task.WhenAll(blobs, some, ingests).ConfigureAwait(false);
        Task<List<LeaseHold>> holds = ReadLeasesAsync(name, cancellationToken);
        Task<IReadOnlyList<Sandbox>> sandboxes = ReadSandboxesAsync(name, cancellationToken);
        Task<IReadOnlyList<CtrTask>> running = tasks.ListAsync(name, cancellationToken);
        await Task.WhenAll(holds, sandboxes, running).ConfigureAwait(false);
        Task<Dictionary<string, Container>> records = ReadContainersAsync(name, cancellationToken);
        Task<Dictionary<string, Image>> images = ReadImagesAsync(name, cancellationToken);
        return new NamespaceRecords
        {
            Name = name,
            Blobs = await blobs.ConfigureAwait(false),
            Snapshots = await some.ConfigureAwait(false),
            Ingests = await ingests.ConfigureAwait(false),
            Leases = await holds.ConfigureAwait(false),
            Sandboxes = await sandboxes.ConfigureAwait(false),
            Tasks = await running.ConfigureAwait(false),
            Containers = await records.ConfigureAwait(false),
            Images = await images.ConfigureAwait(false),
        };
    }

    private async Task<Dictionary<string, Info>> ReadBlobsAsync(string name, CancellationToken cancellationToken)
    {
        var blobs = new Dictionary<string, Info>(StringComparer.Ordinal);
        await foreach (ListContentResponse message in calls.ReadAsync(
            () => _content.List(new ListContentRequest(), Calls.Unbounded(name, cancellationToken)),
            new CallSubject($"the content of namespace '{name}'", name),
            cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in message.Info)
            {
                blobs[info.Digest] = info;
            }
        }

        return blobs;
    }

    private async Task<Dictionary<(string, string), Containerd.Services.Snapshots.V1.Info>> ReadSnapshotsAsync(
        string name, IReadOnlyList<string> snapshotters, CancellationToken cancellationToken)
    {
        var all = new Dictionary<(string, string), Containerd.Services.Snapshots.V1.Info>();
        foreach (string snapshotter in snapshotters)
        {
            await foreach (Containerd.Services.Snapshots.V1.Info info in
                snapshots.ListAsync(name, snapshotter, cancellationToken).ConfigureAwait(false))
            {
                all[(snapshotter, info.Name)] = info;
            }
        }

        return all;
    }

    private async Task<IReadOnlyList<Status>> ReadIngestsAsync(string name, CancellationToken cancellationToken) => (await calls.InvokeAsync(
        () => _content.ListStatusesAsync(new ListStatusesRequest(), calls.Unary(name, cancellationToken)),
        new CallSubject($"the unfinished writes of namespace '{name}'", name),
        cancellationToken).ConfigureAwait(false)).Statuses;

    private async Task<List<LeaseHold>> ReadLeasesAsync(string name, CancellationToken cancellationToken)
    {
        var holds = new List<LeaseHold>();
        await foreach (LeaseHold? hold in OrderedParallel.SelectAsync(
            await leases.ListAsync(name, cancellationToken).ConfigureAwait(false), LeaseWidth, HoldAsync, cancellationToken).ConfigureAwait(false))
        {
            if (hold is not null)
            {
                holds.Add(hold);
            }
        }

        return holds;

        // Null where it ended meanwhile.
        async Task<LeaseHold?> HoldAsync(LeaseInfo lease, CancellationToken token)
        {
            ListResourcesResponse? held = await calls.FindAsync(
                () => _leases.ListResourcesAsync(new ListResourcesRequest { Id = lease.Id }, calls.Unary(name, token)),
                CallSubject.Lease(lease.Id, name),
                token).ConfigureAwait(false);
            return held is null ? null : new LeaseHold(lease, held.Resources);
        }
    }

    /// <summary>None where the daemon has no such service: it came with 1.7.</summary>
    private async Task<IReadOnlyList<Sandbox>> ReadSandboxesAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await calls.InvokeAsync(
                () => _sandboxes.ListAsync(new StoreListRequest(), calls.Unary(name, cancellationToken)),
                new CallSubject($"the sandboxes of namespace '{name}'", name),
                cancellationToken).ConfigureAwait(false)).List;
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NotSupported)
        {
            return [];
        }
    }

    private async Task<Dictionary<string, Container>> ReadContainersAsync(string name, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, Container>(StringComparer.Ordinal);
        await foreach (Container container in containers.ListRecordsAsync(name, [], cancellationToken).ConfigureAwait(false))
        {
            all[container.Id] = container;
        }

        return all;
    }

    private async Task<Dictionary<string, Image>> ReadImagesAsync(string name, CancellationToken cancellationToken) => (await calls.InvokeAsync(
        () => _images.ListAsync(new ListImagesRequest(), calls.Unary(name, cancellationToken)),
        new CallSubject($"the images of namespace '{name}'", name),
        cancellationToken).ConfigureAwait(false)).Images.ToDictionary(image => image.Name, StringComparer.Ordinal);
}
