using System.Text.Json;
using System.Text.Json.Nodes;
using Containerd.Services.Containers.V1;
using Containerd.Services.Images.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Checkpoints;

/// <summary>Makes containers from checkpoints, as containerd's client does (client/client.go, Restore; client/container_restore_opts.go).</summary>
internal sealed class CheckpointRestorer(ContainerdConnection connection)
{

    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>How long what a failed try made is cleared away, while our own caller may be gone already.</summary>
    private static readonly TimeSpan RollbackPatience = TimeSpan.FromSeconds(10);

    /// <summary>Makes a container.</summary>
    public async Task<CtrContainer> RestoreAsync(CtrRestoreRequest request, CancellationToken cancellationToken)
    {
        (string @namespace, string id) = (request.Namespace, request.Id);
        CtrImage checkpoint = await connection.Images.FindAsync(
            @namespace, request.Reference, CtrImageDetail.None, cancellationToken).ConfigureAwait(false)
            ?? throw new CtrException(
                CtrErrorIds.ImageNotFound, CtrStatus.NotFound, $"There is no image '{request.Reference}' in namespace '{@namespace}'.")
            {
                Target = request.Reference,
                RecommendedAction = "Bring the checkpoint into this namespace first, for example with Import-CtrImage or Copy-CtrImage.",
            };
        CheckpointIndex index = await ReadAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        Refuse(request, checkpoint, index);
        if (await connection.Containers.FindRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new CtrException(
                CtrErrorIds.ContainerExists, CtrStatus.AlreadyExists, $"The container '{id}' in namespace '{@namespace}' exists already.")
            {
                Target = id,
            };
        }

        string snapshotter = await connection.Unpacker.ChooseSnapshotterAsync(@namespace, index.Snapshotter, cancellationToken).ConfigureAwait(false);
        bool hasSnapshot = false, hasRecord = false;
        Lease lease = await connection.Leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                var container = new Container
                {
                    Id = id,
                    Image = index.Image!,
                    Snapshotter = snapshotter,
                    SnapshotKey = id,
                    Runtime = new Container.Types.Runtime { Name = index.Runtime ?? ContainerNames.RuncRuntime },
                };
                container.Spec = await LeaveCgroupAsync(
                    @namespace,
                    id,
                    await AnyAsync(@namespace, index.Part(CheckpointIndex.SpecType)!, cancellationToken).ConfigureAwait(false),
                    cancellationToken).ConfigureAwait(false);
                if (index.Part(CheckpointIndex.RuntimeOptionsType) is { } options)
                {
                    container.Runtime.Options = await AnyAsync(@namespace, options, cancellationToken).ConfigureAwait(false);
                }

                string parent = await ParentAsync(lease, checkpoint, index, snapshotter, cancellationToken).ConfigureAwait(false);
                IReadOnlyList<Mount> mounts = await PrepareAsync(lease, snapshotter, id, parent, cancellationToken).ConfigureAwait(false);
                hasSnapshot = true;
                if (request.WritableLayer)
                {
                    _ = await connection.Unpacker.ApplyAsync(lease, index.WritableLayer!, mounts, cancellationToken).ConfigureAwait(false);
                }

                _ = await connection.Containers.CreateRecordAsync(@namespace, container, lease.Id, cancellationToken).ConfigureAwait(false);
                hasRecord = true;
                if (!request.NoStart)
                {
                    await StartAsync(request, index, cancellationToken).ConfigureAwait(false);
                }

                lease.Complete();
            }
            catch
            {
                await RollBackAsync(@namespace, id, hasRecord, hasSnapshot ? snapshotter : null).ConfigureAwait(false);
                throw;
            }
        }

        return await connection.Containers.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false)
            ?? throw ContainerFaults.NoContainer(@namespace, id);
    }

    private async Task<CheckpointIndex> ReadAsync(CtrImage checkpoint, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsIndex(checkpoint.MediaType))
        {
            throw CheckpointFaults.Invalid(
                checkpoint.Name, checkpoint.Namespace, "is no checkpoint of a container.", "Make one with Checkpoint-CtrContainer.");
        }

        var target = new Descriptor { MediaType = checkpoint.MediaType, Digest = checkpoint.Digest, Size = checkpoint.TargetSize };
        return CheckpointIndex.Parse(
            await connection.Content.ReadAsync(checkpoint.Namespace, target, cancellationToken).ConfigureAwait(false), target);
    }

    /// <summary>What the checkpoint does not hold is told before anything is made.</summary>
    private static void Refuse(CtrRestoreRequest request, CtrImage checkpoint, CheckpointIndex index)
    {
        (string? fault, string? advice) = (index.Image is null, index.Part(CheckpointIndex.SpecType) is null) switch
        {
            (true, _) => ("is no checkpoint of a container: it names no image.", "Make one with Checkpoint-CtrContainer."),
            (_, true) => (
                "holds no spec of a container: ctr keeps one with the state of its processes only.",
                "Make the checkpoint with Checkpoint-CtrContainer, or with --task."),
            _ => ((string?)null, (string?)null),
        };
        if (fault is null && request.WritableLayer && index.WritableLayer is null)
        {
            (fault, advice) = (
                "does not hold what the container had changed in its file system.",
                "Restore it without -IncludeWritableLayer, or make the checkpoint with it.");
        }

        if (fault is null && request.Live && index.Part(CheckpointIndex.TaskType) is null)
        {
            (fault, advice) = ("does not hold the state of processes.", "Restore it without -Live, or make the checkpoint with -IncludeTask.");
        }

        if (fault is not null)
        {
            throw CheckpointFaults.Invalid(checkpoint.Name, checkpoint.Namespace, fault, advice);
        }
    }

    private async Task<Any> AnyAsync(string @namespace, Descriptor part, CancellationToken cancellationToken)
    {
        try
        {
            return Any.Parser.ParseFrom((await connection.Content.ReadAsync(@namespace, part, cancellationToken).ConfigureAwait(false)).Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{part.Digest}' is damaged: it is no '{part.MediaType}'.", e)
            {
                Target = part.Digest,
            };
        }
    }

    /// <summary>
    /// Where the original is still there, the new container must not share its cgroup: runc kills all processes of the cgroup, so that ending the
    /// one would end the other. ctr leaves it so.
    /// </summary>
    private async Task<Any> LeaveCgroupAsync(string @namespace, string id, Any spec, CancellationToken cancellationToken)
    {
        string prefix = $"/{@namespace}/";
        try
        {
            if (JsonNode.Parse(spec.Value.Span) is not JsonObject json
                || json["linux"] is not JsonObject linux
                || linux["cgroupsPath"] is not JsonValue value
                || !value.TryGetValue(out string? path)
                || !path.StartsWith(prefix, StringComparison.Ordinal)
                || path[prefix.Length..] == id
                || !CtrIdentifier.IsValid(path[prefix.Length..])
                || await connection.Containers.FindRecordAsync(@namespace, path[prefix.Length..], cancellationToken).ConfigureAwait(false) is null)
            {
                return spec;
            }

            linux["cgroupsPath"] = prefix + id;
            return new Any { TypeUrl = spec.TypeUrl, Value = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(json)) };
        }
        catch (JsonException e)
        {
            throw new CtrException(CtrErrorIds.InvalidSpec, CtrStatus.DataLoss, $"The spec in the checkpoint cannot be read: {e.Message}", e)
            {
                Target = id,
            };
        }
    }

    /// <summary>The snapshot that the container's image unpacks to: of the image that was kept, else of what has its name now.</summary>
    private async Task<string> ParentAsync(
        Lease lease, CtrImage checkpoint, CheckpointIndex index, string snapshotter, CancellationToken cancellationToken)
    {
        Descriptor? target = index.ImageContent;
        if (target is null)
        {
            Image image = await connection.Images.GetAsync(lease.Namespace, index.Image!, cancellationToken).ConfigureAwait(false)
                ?? throw new CtrException(
                    CtrErrorIds.ImageNotFound,
                    CtrStatus.NotFound,
                    $"There is no image '{index.Image}' in namespace '{lease.Namespace}', and the checkpoint '{checkpoint.Name}' does not hold it.")
                {
                    Target = index.Image,
                    RecommendedAction = "Bring that image here first, or make the checkpoint with -IncludeImage.",
                };
            target = Records.ToDescriptor(image.Target);
        }

        ImageNode root = await ImageGraph.ReadAsync(
            new NamespaceBlobs(connection.Content, lease.Namespace, listed: false, cancellationToken),
            target,
            cancellationToken).ConfigureAwait(false);
        CtrPlatform platform = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        ImageNode? manifest = ImageSelection.Best(root, PlatformMatcher.Only(platform), checkRoot: false);
        if (manifest is not { Kind: ImageNodeKind.Manifest, IsSound: true, Config: { } config })
        {
            throw new CtrException(
                CtrErrorIds.PlatformNotFound,
                CtrStatus.NotFound,
                $"The image '{index.Image}' in namespace '{lease.Namespace}' has nothing for {platform} that is there.")
            { Target = index.Image };
        }

        _ = await connection.Unpacker.UnpackAsync(lease, manifest, snapshotter, null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> chain = ImageConfig.Parse(
            await connection.Content.ReadAsync(lease.Namespace, config.Descriptor, cancellationToken).ConfigureAwait(false),
            config.Descriptor).ChainIds;
        return chain.Count > 0 ? chain[^1] : "";
    }

    private async Task<IReadOnlyList<Mount>> PrepareAsync(
        Lease lease, string snapshotter, string id, string parent, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.Snapshots.PrepareAsync(
                lease.Namespace, snapshotter, id, parent, NoLabels, lease.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.AlreadyExists)
        {
            throw new CtrException(
                CtrErrorIds.SnapshotExists,
                CtrStatus.AlreadyExists,
                $"A snapshot '{id}' of {snapshotter} in namespace '{lease.Namespace}' exists already.",
                e)
            {
                Target = id,
                RecommendedAction = "It may be left of a container that was removed: use another id, or remove the snapshot.",
            };
        }
    }

    private async Task StartAsync(CtrRestoreRequest request, CheckpointIndex index, CancellationToken cancellationToken)
    {
        Descriptor? state = request.Live ? index.Part(CheckpointIndex.TaskType) : null;
        try
        {
            ICtrProcess process = await connection.Runner.CreateAsync(
                new CtrTaskRequest
                {
                    Namespace = request.Namespace,
                    Id = request.Id,
                    Checkpoint = state is null ? null : (state.Digest, state.MediaType, state.Size),
                },
                cancellationToken).ConfigureAwait(false);
            await using (process.ConfigureAwait(false))
            {
                await process.StartAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (CtrException e) when (state is not null)
        {
            CtrException explained = await CheckpointFaults.ExplainAsync(
                e,
                $"The processes of container '{request.Id}' in namespace '{request.Namespace}' could not be restored",
                request.Id,
                connection.Machine,
                cancellationToken).ConfigureAwait(false);
            throw ReferenceEquals(explained, e) ? e : explained;
        }
    }

    private async Task RollBackAsync(string @namespace, string id, bool hasRecord, string? snapshotter)
    {
        using var limit = new CancellationTokenSource(RollbackPatience);
        try
        {
            if (hasRecord)
            {
                await connection.Containers.DeleteRecordAsync(@namespace, id, limit.Token).ConfigureAwait(false);
            }

            if (snapshotter is not null)
            {
                await connection.Snapshots.RemoveAsync(@namespace, snapshotter, id, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // Nobody answers: the fault that brought us here is the one to tell.
        }
    }
}
