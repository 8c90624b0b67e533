using System.Globalization;
using Containerd.Runc.V1;
using Containerd.Services.Containers.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Tasks.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Checkpoints;

/// <summary>
/// Makes checkpoints, with the calls and in the form of containerd's client (client/container.go, Checkpoint; client/task.go, Checkpoint).
/// </summary>
internal sealed class CheckpointMaker(GrpcChannel channel, ContainerdConnection connection)
{
    private const string OptionsType = "containerd.runc.v1.CheckpointOptions";

    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly Containerd.Services.Tasks.V1.Tasks.TasksClient _client = new(channel);

    /// <summary>Keeps the state of a task.</summary>
    public async Task<CtrImage?> KeepTaskAsync(CtrTaskCheckpointRequest request, CancellationToken cancellationToken)
    {
        (string @namespace, string id) = (request.Namespace, request.Id);
        Container container = await connection.Containers.GetRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        CtrTask task = await RequireAliveAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        var options = new CheckpointOptions { Exit = request.Exit, ImagePath = request.ImagePath ?? "", WorkPath = request.WorkPath ?? "" };
        if (request.ImagePath is not null)
        {
            _ = await connection.FrozenAsync(
                task, () => CallAsync(container, @namespace, options, null, cancellationToken), cancellationToken).ConfigureAwait(false);
            return null;
        }

        Lease lease = await connection.Leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            CheckpointIndex index = await connection.FrozenAsync(task, async () =>
            {
                var parts = new List<Descriptor>();
                var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
                parts.AddRange(await CallAsync(container, @namespace, options, lease, cancellationToken).ConfigureAwait(false));
                if (container.Image.Length > 0)
                {
                    parts.Add(await ImageAsync(container, @namespace, cancellationToken).ConfigureAwait(false));
                    annotations[CheckpointIndex.TaskImageKey] = container.Image;
                }

                if (container.SnapshotKey.Length > 0)
                {
                    parts.Add(await WritableLayerAsync(lease, container, cancellationToken).ConfigureAwait(false));
                }

                return new CheckpointIndex(parts, annotations);
            }, cancellationToken).ConfigureAwait(false);
            return await NameByTimeAsync(lease, id, index, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps a container.</summary>
    public async Task<CtrImage> KeepContainerAsync(CtrContainerCheckpointRequest request, CancellationToken cancellationToken)
    {
        (string @namespace, string id) = (request.Namespace, request.Id);
        Container container = await connection.Containers.GetRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        if (container.Image.Length == 0 || container.SnapshotKey.Length == 0)
        {
            throw new CtrException(
                CtrErrorIds.FailedPrecondition,
                CtrStatus.FailedPrecondition,
                $"The container '{id}' in namespace '{@namespace}' was not made from an image: a checkpoint of it could not be restored.")
            { Target = id };
        }

        if (await connection.Images.GetAsync(@namespace, request.Reference, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new CtrException(
                CtrErrorIds.ImageExists, CtrStatus.AlreadyExists, $"The image '{request.Reference}' in namespace '{@namespace}' exists already.")
            {
                Target = request.Reference,
                RecommendedAction = "Name another one, or remove it first with Remove-CtrImage.",
            };
        }

        CtrTask? task = request.Task ? await RequireAliveAsync(@namespace, id, cancellationToken).ConfigureAwait(false)
            : await connection.Tasks.FindKnownAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        Lease lease = await connection.Leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            CheckpointIndex index = await connection.FrozenAsync(
                task, () => CollectAsync(request, container, lease, cancellationToken), cancellationToken).ConfigureAwait(false);
            return await NameAsync(lease, request.Reference, index, NoLabels, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<CheckpointIndex> CollectAsync(
        CtrContainerCheckpointRequest request, Container container, Lease lease, CancellationToken cancellationToken)
    {
        var parts = new List<Descriptor>();
        if (container.Runtime.Options is { Value.IsEmpty: false } runtimeOptions)
        {
            parts.Add(await WriteAsync(lease, CheckpointIndex.RuntimeOptionsType, runtimeOptions, cancellationToken).ConfigureAwait(false));
        }

        if (request.Image)
        {
            parts.Add(await ImageAsync(container, request.Namespace, cancellationToken).ConfigureAwait(false));
        }

        if (request.WritableLayer)
        {
            parts.Add(await WritableLayerAsync(lease, container, cancellationToken).ConfigureAwait(false));
        }

        if (request.Task)
        {
            var options = new CheckpointOptions { FileLocks = true };
            parts.AddRange(await CallAsync(container, request.Namespace, options, lease, cancellationToken).ConfigureAwait(false));
            parts.Add(await WriteAsync(lease, CheckpointIndex.TaskOptionsType, Pack(options), cancellationToken).ConfigureAwait(false));
        }
        else
        {
            // The daemon writes the spec only together with the state of the task. Nothing can be restored without a spec, not by ctr either: so we
            // write it here, in the daemon's form.
            parts.Add(await WriteAsync(lease, CheckpointIndex.SpecType, container.Spec, cancellationToken).ConfigureAwait(false));
        }

        return new CheckpointIndex(parts, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [CheckpointIndex.ImageKey] = container.Image,
            [CheckpointIndex.RuntimeKey] = container.Runtime.Name,
            [CheckpointIndex.SnapshotterKey] = container.Snapshotter,
        });
    }

    private async Task<CtrTask> RequireAliveAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        CtrTask task = await connection.Tasks.FindKnownAsync(@namespace, id, cancellationToken).ConfigureAwait(false)
            ?? throw ContainerFaults.NoTask(@namespace, id);
        return task.State is CtrTaskState.Running or CtrTaskState.Pausing or CtrTaskState.Paused // perhaps by another one of us
            ? task
            : throw TaskFaults.WrongState(task.State, CallSubject.Task(id, @namespace).Words, id);
    }

    /// <summary>Lets criu keep the processes.</summary>
    /// <param name="container">The container.</param>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="options">How.</param>
    /// <param name="lease">Holds what the daemon writes. Null: it writes no blobs.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    private async Task<IReadOnlyList<Descriptor>> CallAsync(
        Container container, string @namespace, CheckpointOptions options, Lease? lease, CancellationToken cancellationToken)
    {
        var request = new CheckpointTaskRequest { ContainerId = container.Id, Options = Pack(options) };
        CtrPlatform platform = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> before = lease is null
            ? []
            : await connection.Leases.ListBlobsAsync(lease.Namespace, lease.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            CheckpointTaskResponse response = await connection.Tasks.InvokeAsync(
                () => _client.CheckpointAsync(request, Calls.Unbounded(@namespace, cancellationToken, lease?.Id)),
                @namespace,
                container.Id,
                "",
                cancellationToken).ConfigureAwait(false);
            return [.. response.Descriptors.Select(part => ToDescriptor(part) with { Platform = platform })];
        }
        catch (CtrException e) when (e.Status == CtrStatus.AlreadyExists && lease is not null)
        {
            if (await FindWrittenAsync(container, lease, before, platform, cancellationToken).ConfigureAwait(false) is { } written)
            {
                return written;
            }

            throw;
        }
        catch (CtrException e)
        {
            CtrException explained = await CheckpointFaults.ExplainAsync(
                e,
                $"The state of the task of container '{container.Id}' in namespace '{@namespace}' could not be kept",
                container.Id,
                connection.Machine,
                cancellationToken).ConfigureAwait(false);
            throw ReferenceEquals(explained, e) ? e : explained;
        }
    }

    /// <summary>
    /// What the daemon has written before it failed: up to 1.7 it does so where the spec is a blob already, of an earlier checkpoint of the same
    /// container (services/tasks/local.go, writeContent). The lease tells what came.
    /// </summary>
    private async Task<IReadOnlyList<Descriptor>?> FindWrittenAsync(
        Container container, Lease lease, IReadOnlyList<string> before, CtrPlatform platform, CancellationToken cancellationToken)
    {
        byte[] bytes = container.Spec.ToByteArray();
        var spec = new Descriptor { MediaType = CheckpointIndex.SpecType, Digest = Digests.Of(bytes), Size = bytes.Length, Platform = platform };
        string[] written =
        [
            .. (await connection.Leases.ListBlobsAsync(lease.Namespace, lease.Id, cancellationToken).ConfigureAwait(false))
                .Except(before)
                .Where(digest => digest != spec.Digest),
        ];
        if (written is not [string state]
            || await connection.Content.FindAsync(lease.Namespace, state, cancellationToken).ConfigureAwait(false) is not { } blob)
        {
            return null;
        }

        _ = await connection.Content.Writer(lease).WriteAsync(spec, bytes, NoLabels, cancellationToken).ConfigureAwait(false);
        return [new Descriptor { MediaType = CheckpointIndex.TaskType, Digest = state, Size = blob.Size, Platform = platform }, spec];
    }

    private async Task<Descriptor> ImageAsync(Container container, string @namespace, CancellationToken cancellationToken)
    {
        Image image = await connection.Images.GetAsync(@namespace, container.Image, cancellationToken).ConfigureAwait(false)
            ?? throw new CtrException(
                CtrErrorIds.ImageNotFound,
                CtrStatus.NotFound,
                $"There is no image '{container.Image}' in namespace '{@namespace}' any more, from which the container '{container.Id}' was made.")
            {
                Target = container.Image,
            };
        return ToDescriptor(image.Target);
    }

    private async Task<Descriptor> WritableLayerAsync(Lease lease, Container container, CancellationToken cancellationToken) =>
        await connection.Changes.PackAsync(lease, container, cancellationToken).ConfigureAwait(false) with
        {
            Platform = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false),
        };

    private async Task<Descriptor> WriteAsync(Lease lease, string mediaType, Any value, CancellationToken cancellationToken)
    {
        byte[] bytes = value.ToByteArray();
        var blob = new Descriptor
        {
            MediaType = mediaType,
            Digest = Digests.Of(bytes),
            Size = bytes.Length,
            Platform = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false),
        };
        _ = await connection.Content.Writer(lease).WriteAsync(blob, bytes, NoLabels, cancellationToken).ConfigureAwait(false);
        return blob;
    }

    /// <summary>The name has the time to the second, as ctr's; who keeps the same task in the same second gets a number behind it.</summary>
    private async Task<CtrImage> NameByTimeAsync(Lease lease, string id, CheckpointIndex index, CancellationToken cancellationToken)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"containerd.io/checkpoint/{id}:{DateTime.Now:MM-dd-yyyy-HH:mm:ss}");
        var labels = new Dictionary<string, string> { ["containerd.io/checkpoint"] = "true" };
        for (int number = 1; ; number++)
        {
            try
            {
                return await NameAsync(lease, number == 1 ? name : $"{name}-{number}", index, labels, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageExists)
            {
                continue;
            }
        }
    }

    private async Task<CtrImage> NameAsync(
        Lease lease, string name, CheckpointIndex index, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        byte[] document = index.Write();
        var target = new Descriptor { MediaType = MediaTypes.OciIndex, Digest = Digests.Of(document), Size = document.Length };
        if (!await connection.Content.Writer(lease).WriteAsync(
            target, document, index.Labels(), cancellationToken).ConfigureAwait(false))
        {
            await connection.Content.SetLabelsAsync(lease.Namespace, target.Digest, index.Labels(), cancellationToken).ConfigureAwait(false);
        }

        CtrImage image = await connection.Images.AddAsync(lease.Namespace, name, target, labels, lease.Id, cancellationToken).ConfigureAwait(false);
        lease.Complete();
        return image;
    }

    private static Any Pack(CheckpointOptions options) => new() { TypeUrl = OptionsType, Value = options.ToByteString() };

    private static Descriptor ToDescriptor(ContentDescriptor part) => new()
    {
        MediaType = part.MediaType,
        Digest = part.Digest,
        Size = part.Size,
        Annotations = part.Annotations,
    };
}
