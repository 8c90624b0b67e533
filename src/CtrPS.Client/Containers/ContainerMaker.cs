using Containerd.Services.Containers.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Containers.Specs;
using CtrPS.Client.Containers.Users;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Containers;

/// <summary>
/// Makes containers, in the order of containerd's own client (client/client.go and container_opts.go): layers, snapshot, spec, record.
/// </summary>
internal sealed class ContainerMaker(ContainerdConnection connection)
{
    /// <summary>How long taking back is tried while nobody answers.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="IContainerStore.DescribeAsync"/>
    public async Task<CtrSpec> DescribeAsync(CtrContainerRequest request, CancellationToken cancellationToken)
    {
        if (request.Spec is not null)
        {
            return request.Spec.Copy();
        }

        await RequireLinuxAsync(cancellationToken).ConfigureAwait(false);
        PlatformImage? image = request.Image is null ? null : await ChooseAsync(request, request.Image, cancellationToken).ConfigureAwait(false);
        return await BuildAsync(
            request,
            image,
            image is null ? null : LayersOf(request, image, cancellationToken),
            image is not null || request.RootFs is not null,
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="IContainerStore.CreateAsync"/>
    public async Task<CtrContainerOutcome> CreateAsync(CtrContainerRequest request, CtrTransferMeter? meter, CancellationToken cancellationToken)
    {
        string @namespace = request.Namespace;
        _ = CtrIdentifier.RequireContainerId(request.Id);
        await RequireLinuxAsync(cancellationToken).ConfigureAwait(false);
        if (await connection.Containers.FindRecordAsync(@namespace, request.Id, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw Exists(request);
        }

        var warnings = new List<string>();
        var record = new Container
        {
            Id = request.Id,
            Image = request.Image?.Name ?? "",
            Sandbox = request.Sandbox,
            Runtime = await RuntimeAsync(request, cancellationToken).ConfigureAwait(false),
        };
        foreach ((string name, CtrExtension extension) in request.Extensions)
        {
            record.Extensions.Add(name, new Any { TypeUrl = extension.TypeUrl, Value = ByteString.CopyFrom(extension.GetBytes()) });
        }

        IReadOnlyDictionary<string, string> restart = await RestartPolicy.LabelsAsync(
            request, connection.Server, cancellationToken).ConfigureAwait(false);
        PlatformImage? image = request.Image is null ? null : await ChooseAsync(request, request.Image, cancellationToken).ConfigureAwait(false);
        record.Labels.Add(ContainerLabels(request, image, warnings));
        record.Labels.Add(restart.ToDictionary());
        if (image is null || request.RootFs is not null)
        {
            await CreateRecordAsync(request, record, image, null, null, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await CreateWithSnapshotAsync(request, record, image, meter, cancellationToken).ConfigureAwait(false);
        }

        // As the server has it: it sets the times.
        Container made = await connection.Containers.FindRecordAsync(@namespace, request.Id, cancellationToken).ConfigureAwait(false) ?? record;
        return new CtrContainerOutcome(ContainerRecords.ToContainer(made, null, @namespace), warnings);
    }

    private async Task CreateWithSnapshotAsync(
        CtrContainerRequest request, Container record, PlatformImage image, CtrTransferMeter? meter, CancellationToken cancellationToken)
    {
        string @namespace = request.Namespace;
        record.Snapshotter = await connection.Unpacker.ChooseSnapshotterAsync(
            @namespace, request.Snapshotter, cancellationToken).ConfigureAwait(false);
        Dictionary<string, string> labels = new(request.SnapshotLabels, StringComparer.Ordinal);
        await IdMapLabels.AddAsync(labels, request.Options, record.Snapshotter, connection.Server, cancellationToken).ConfigureAwait(false);
        Lease lease = await connection.Leases.CreateAsync(@namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            await UnpackAsync(lease, image, record.Snapshotter, meter, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Mount> mounts;
            try
            {
                string parent = image.Config.ChainIds.Count == 0 ? "" : image.Config.ChainIds[^1];
                mounts = await connection.Snapshots.PrepareAsync(
                    @namespace, record.Snapshotter, request.Id, parent, labels, lease.Id, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.AlreadyExists)
            {
                // Since the look at the beginning, another client may have made it.
                throw await connection.Containers.FindRecordAsync(@namespace, request.Id, cancellationToken).ConfigureAwait(false) is null
                    ? SnapshotExists(request, record.Snapshotter, e)
                    : Exists(request);
            }

            bool done = false;
            try
            {
                record.SnapshotKey = request.Id;
                await CreateRecordAsync(request, record, image, mounts, lease.Id, cancellationToken).ConfigureAwait(false);
                done = true;
                lease.Complete();
            }
            finally
            {
                if (!done)
                {
                    await TakeBackSnapshotAsync(@namespace, record).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task CreateRecordAsync(
        CtrContainerRequest request,
        Container record,
        PlatformImage? image,
        IReadOnlyList<Mount>? mounts,
        string? lease,
        CancellationToken cancellationToken)
    {
        IRootFiles? files = mounts is null ? null
            : await connection.Machine.IsLocalAsync(cancellationToken).ConfigureAwait(false) && FolderFiles.TryOpen(mounts) is { } folders ? folders
            : LayersOf(request, image!, cancellationToken);
        CtrSpec spec = request.Spec ?? await BuildAsync(request, image, files, needsCommand: true, cancellationToken).ConfigureAwait(false);
        record.Spec = new Any { TypeUrl = ContainerRecords.SpecUrl, Value = ByteString.CopyFromUtf8(spec.ToJson()) };
        try
        {
            _ = await connection.Containers.CreateRecordAsync(request.Namespace, record, lease, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or CtrException { IsConnectionFault: true })
        {
            await TakeBackRecordAsync(request.Namespace, record).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<CtrSpec> BuildAsync(
        CtrContainerRequest request, PlatformImage? image, IRootFiles? files, bool needsCommand, CancellationToken cancellationToken)
    {
        bool isLocal = await connection.Machine.IsLocalAsync(cancellationToken).ConfigureAwait(false);
        if (request.RootFs is { } root)
        {
            files = isLocal && Directory.Exists(root) ? new FolderFiles([root]) : null;
            if (isLocal && files is null)
            {
                throw new CtrException(
                    CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"There is no folder '{root}' that could be the root file system.")
                {
                    Target = root,
                };
            }
        }

        CtrPlatform platform = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        var machine = new SpecMachine(platform.Architecture, isLocal, connection.Machine.NotLocal);
        return await SpecBuilder.BuildAsync(request, image?.Settings, files, machine, needsCommand, cancellationToken).ConfigureAwait(false);
    }

    private async Task<PlatformImage> ChooseAsync(CtrContainerRequest request, CtrImage image, CancellationToken cancellationToken)
    {
        var source = new ImageSource(connection, request.Namespace, listed: false, cancellationToken);
        CtrPlatform platform = request.Platform ?? await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        string? wayOut = request.Platform is null
            ? "Get the image for the daemon's platform, or say with -Platform that its machine can run another."
            : null;
        ImageNode manifest = await PlatformImage.FindAsync(source, image, platform, wayOut).ConfigureAwait(false);
        return await PlatformImage.ReadAsync(source, image, manifest, "cannot be run", cancellationToken).ConfigureAwait(false);
    }

    private async Task UnpackAsync(Lease lease, PlatformImage image, string snapshotter, CtrTransferMeter? meter, CancellationToken cancellationToken)
    {
        if (await connection.Unpacker.IsUnpackedAsync(lease.Namespace, snapshotter, image.Config, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        foreach (ImageNode layer in image.Manifest.Layers)
        {
            PlatformImage.Require(layer, image.Image);
        }

        _ = await connection.Unpacker.UnpackAsync(lease, image.Manifest, snapshotter, meter, cancellationToken).ConfigureAwait(false);
    }

    private LayerFiles LayersOf(CtrContainerRequest request, PlatformImage image, CancellationToken cancellationToken) => new(
        new NamespaceBlobs(connection.Content, request.Namespace, listed: false, cancellationToken),
        [.. image.Manifest.Layers.Reverse().Select(layer => layer.Descriptor)]);

    /// <summary>
    /// The labels of the image's config, of its record, and those that were asked for, a later one over an earlier one, as ctr writes them.
    /// </summary>
    private static Dictionary<string, string> ContainerLabels(CtrContainerRequest request, PlatformImage? image, List<string> warnings)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in image?.Settings.Labels ?? new Dictionary<string, string>())
        {
            // containerd and its CRI plugin act on labels of their own: an image of unknown origin must not bring them (client/container_opts.go).
            if (key.StartsWith("containerd.io/", StringComparison.Ordinal) || key.StartsWith("io.cri-containerd", StringComparison.Ordinal))
            {
                warnings.Add(
                    $"The label '{key}' in the config of image '{image!.Image.Name}' is reserved for containerd. The container does not get it.");
            }
            else
            {
                Add(key, value);
            }
        }

        foreach ((string key, string value) in image?.Image.Labels ?? new Dictionary<string, string>())
        {
            Add(key, value);
        }

        foreach ((string key, string value) in request.Labels)
        {
            labels[key] = value;
        }

        if (image is not null)
        {
            labels[ContainerNames.StopSignalLabel] = image.Settings.StopSignal.Length == 0 ? "SIGTERM" : image.Settings.StopSignal;
            if (image.Settings.StopSignal.Length > 0 && !CtrSignal.TryParse(image.Settings.StopSignal, out _))
            {
                warnings.Add(
                    $"The image '{image.Image.Name}' wants to be stopped with '{image.Settings.StopSignal}', which is not a signal. "
                    + "Stop-CtrTask sends SIGTERM.");
            }
        }

        return labels;

        void Add(string key, string value)
        {
            const int longest = 4096; // pkg/labels/validate.go
            if (key.Length == 0)
            {
                warnings.Add($"A label of image '{image!.Image.Name}' has an empty key. The container does not get it.");
            }
            else if (System.Text.Encoding.UTF8.GetByteCount(key) + System.Text.Encoding.UTF8.GetByteCount(value) > longest)
            {
                warnings.Add($"The label '{key}' of image '{image!.Image.Name}' has more than {longest} bytes. The container does not get it.");
            }
            else
            {
                labels[key] = value;
            }
        }
    }

    private async Task<Container.Types.Runtime> RuntimeAsync(CtrContainerRequest request, CancellationToken cancellationToken)
    {
        CtrRuntimeChoice choice = request.Runtime;
        string? name = choice.Name;
        if (name is null)
        {
            CtrNamespace? own = (await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
                .FirstOrDefault(one => one.Name == request.Namespace);
            name = own is not null && own.Labels.TryGetValue(ContainerNames.DefaultRuntimeLabel, out string? label) && label.Length > 0
                ? label
                : ContainerNames.RuncRuntime;
        }

        bool forRunc = choice.RuncBinary is not null || choice.RuncRoot is not null || choice.SystemdCgroup;
        if (name != ContainerNames.RuncRuntime)
        {
            return forRunc
                ? throw Contradiction($"The options for runc are only for the runtime {ContainerNames.RuncRuntime}, not for '{name}'.")
                : new Container.Types.Runtime
                {
                    Name = name,
                    Options = choice.ConfigPath is { } path
                        ? Pack("runtimeoptions.v1.Options", new Runtimeoptions.V1.Options { ConfigPath = path })
                        : null,
                };
        }

        if (choice.SystemdCgroup && request.Spec is null && request.Options.CgroupPath?.Split(':').Length != 3)
        {
            throw Contradiction(
                "With systemd the control group is written slice:prefix:name, as in machine.slice:ctr:web. Give it with -CgroupPath.");
        }

        return choice.ConfigPath is not null
            ? throw Contradiction($"The runtime {ContainerNames.RuncRuntime} has no configuration file.")
            : new Container.Types.Runtime
            {
                Name = name,
                Options = Pack(
                    ContainerNames.RuncOptions,
                    new Containerd.Runc.V1.Options
                    {
                        BinaryName = choice.RuncBinary ?? "",
                        Root = choice.RuncRoot ?? "",
                        SystemdCgroup = choice.SystemdCgroup,
                    }),
            };

        static Any Pack(string type, IMessage message) => new() { TypeUrl = type, Value = message.ToByteString() };

        static CtrException Contradiction(string message) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message);
    }

    /// <summary>Removes a record whose making got no answer, where it was made all the same: one with our spec is ours.</summary>
    private async Task TakeBackRecordAsync(string @namespace, Container record)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            if (await connection.Containers.FindRecordAsync(@namespace, record.Id, limit.Token).ConfigureAwait(false) is { } made
                && made.Spec.Value.Equals(record.Spec.Value))
            {
                await connection.Containers.DeleteRecordAsync(@namespace, record.Id, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // Nobody answers: the fault that brought us here is the one to tell.
        }
    }

    /// <summary>Removes the snapshot, also when our own work was cancelled. Where the daemon is gone, the lease's end takes it along.</summary>
    private async Task TakeBackSnapshotAsync(string @namespace, Container record)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await connection.Snapshots.RemoveAsync(@namespace, record.Snapshotter, record.SnapshotKey, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // Nobody answers: the fault that brought us here is the one to tell.
        }
    }

    private async Task RequireLinuxAsync(CancellationToken cancellationToken)
    {
        CtrPlatform platform = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        if (platform.Os != "linux")
        {
            throw new CtrException(
                CtrErrorIds.NotSupported, CtrStatus.Unimplemented, $"The daemon runs containers of {platform}; CtrPS makes those of Linux.")
            {
                Target = platform.ToString(),
            };
        }
    }

    private static CtrException Exists(CtrContainerRequest request) =>
        new(CtrErrorIds.ContainerExists, CtrStatus.AlreadyExists, $"There is a container '{request.Id}' in namespace '{request.Namespace}' already.")
        {
            Target = request.Id,
            RecommendedAction = "Choose another id, or remove that container first with Remove-CtrContainer.",
        };

    private static CtrException SnapshotExists(CtrContainerRequest request, string snapshotter, CtrException cause) => new(
        CtrErrorIds.SnapshotExists,
        CtrStatus.AlreadyExists,
        $"There is a snapshot '{request.Id}' of {snapshotter} in namespace '{request.Namespace}' already, but no container that it belongs to: "
            + "another client is making that container now, or left it half made.",
        cause)
    {
        Target = request.Id,
        RecommendedAction =
            $"Choose another id, or remove what a failed container left behind: ctr -n {request.Namespace} snapshots --snapshotter "
                + $"{snapshotter} rm {request.Id}.",
    };
}
