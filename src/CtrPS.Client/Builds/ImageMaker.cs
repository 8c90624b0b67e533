using System.Text.Json.Nodes;
using Containerd.Services.Containers.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Tasks;

namespace CtrPS.Client.Builds;

/// <summary>
/// Makes an image of one platform: of files, of another image, of a container. The layers of what it is built on stay where they are; the record
/// comes last, all under one lease.
/// </summary>
internal sealed class ImageMaker(ContainerdConnection connection, CtrBuildRequest request, CtrTransferMeter meter)
{
    private readonly List<string> _notes = [];

    public async Task<CtrBuild> RunAsync(CancellationToken cancellationToken)
    {
        await RefuseOtherAsync(cancellationToken).ConfigureAwait(false);
        var source = new ImageSource(connection, request.Namespace, listed: false, cancellationToken);
        Container? container = request.Container is null
            ? null
            : await connection.Containers.GetRecordAsync(request.Namespace, request.Container, cancellationToken).ConfigureAwait(false);
        PlatformImage? lower = container is not null ? await LowerOfAsync(source, container, cancellationToken).ConfigureAwait(false)
            : request.From is { } from ? await LowerAsync(source, from, cancellationToken).ConfigureAwait(false)
            : null;
        CtrImageFormat format = lower?.Manifest.Descriptor.MediaType == MediaTypes.DockerManifest ? CtrImageFormat.Docker : CtrImageFormat.Oci;
        if (format == CtrImageFormat.Docker && request.Compression == CtrCompression.Zstd)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The image '{request.Name}' cannot be made: '{lower!.Image.Name}' is of docker's format, which has no layers of zstd.")
            {
                Target = request.Name,
                RecommendedAction = "Leave -Compression out, or convert it first: Convert-CtrImage -Format Oci.",
            };
        }

        CtrPlatform host = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        CtrPlatform platform = lower?.Manifest.Platform ?? request.Platform ?? host;
        bool unpack = request.Unpack && PlatformMatcher.Only(host).Matches(platform);
        if (request.Unpack && !unpack)
        {
            _notes.Add($"It is not unpacked: it is for {platform}, and the daemon runs {host}.");
        }

        string? snapshotter = unpack
            ? await connection.Unpacker.ChooseSnapshotterAsync(request.Namespace, request.Snapshotter, cancellationToken).ConfigureAwait(false)
            : null;
        Lease lease = await connection.Leases.CreateAsync(request.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            var writer = new LayerWriter(connection.Content, lease);
            foreach (Descriptor kept in lower?.Manifest.Children.Select(child => child.Descriptor) ?? [])
            {
                _ = await writer.HoldAsync(kept.Digest, cancellationToken).ConfigureAwait(false);
            }

            List<NewLayer> added = await LayersAsync(writer, lease, container, format, cancellationToken).ConfigureAwait(false);
            Descriptor target = await WriteAsync(source, writer, lower, platform, added, cancellationToken).ConfigureAwait(false);
            if (snapshotter is not null)
            {
                ImageNode root = await new ImageSource(connection, request.Namespace, listed: false, cancellationToken)
                    .ReadGraphAsync(target).ConfigureAwait(false);
                _ = await connection.Unpacker.UnpackAsync(lease, root, snapshotter, meter, cancellationToken).ConfigureAwait(false);
            }

            CtrImage made = request.Replace
                ? await connection.Images.PutAsync(
                    request.Namespace, request.Name, target, new Dictionary<string, string>(), lease.Id, cancellationToken).ConfigureAwait(false)
                : await connection.Images.AddAsync(
                    request.Namespace, request.Name, target, new Dictionary<string, string>(), lease.Id, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            return new CtrBuild(made, _notes);
        }
    }

    private async Task RefuseOtherAsync(CancellationToken cancellationToken)
    {
        if (!request.Replace
            && await connection.Images.GetAsync(request.Namespace, request.Name, cancellationToken).ConfigureAwait(false) is { } existing)
        {
            throw new CtrException(
                CtrErrorIds.ImageExists,
                CtrStatus.AlreadyExists,
                $"The image '{request.Name}' in namespace '{request.Namespace}' exists already and points to {existing.Target.Digest}.")
            {
                Target = request.Name,
                RecommendedAction = "Use -Force to move the name, or give another one.",
            };
        }
    }

    /// <summary>What a container was made from, which has to be what its snapshot stands on: its image's name may have moved since.</summary>
    private async Task<PlatformImage> LowerOfAsync(ImageSource source, Container container, CancellationToken cancellationToken)
    {
        if (container.Image.Length == 0 || container.SnapshotKey.Length == 0)
        {
            throw NoImage(container, "was not made from an image");
        }

        Containerd.Services.Images.V1.Image record =
            await connection.Images.GetAsync(request.Namespace, container.Image, cancellationToken).ConfigureAwait(false)
            ?? throw NoImage(container, $"was made from the image '{container.Image}', which is not there any more");
        PlatformImage lower = await LowerAsync(source, Records.ToImage(record, request.Namespace), cancellationToken).ConfigureAwait(false);
        string parent = (await connection.Changes.GetSnapshotAsync(
            request.Namespace, container.Id, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false)).Parent;
        return parent == (lower.Config.ChainIds.Count > 0 ? lower.Config.ChainIds[^1] : "")
            ? lower
            : throw NoImage(container, $"does not stand on what the image '{container.Image}' is now: the name was moved since it was made");
    }

    private static CtrException NoImage(Container container, string why) => new(
        CtrErrorIds.FailedPrecondition,
        CtrStatus.FailedPrecondition,
        $"The container '{container.Id}' {why}: what it has changed has nothing to lie on.")
    {
        Target = container.Id,
        RecommendedAction = "Give the image that it was made from its name again (Add-CtrImageTag).",
    };

    private async Task<PlatformImage> LowerAsync(ImageSource source, CtrImage image, CancellationToken cancellationToken)
    {
        ImageNode manifest = request.Platform is { } platform
            ? await PlatformImage.FindAsync(source, image, platform, wayOut: null).ConfigureAwait(false)
            : await PlatformImage.FindAnyAsync(source, image, cancellationToken).ConfigureAwait(false);
        PlatformImage lower = await PlatformImage.ReadAsync(
            source, image, manifest, "is nothing to build on", cancellationToken).ConfigureAwait(false);
        foreach (ImageNode layer in manifest.Layers)
        {
            PlatformImage.Require(layer, image);
        }

        return lower.Config.DiffIds.Count == manifest.Layers.Count() ? lower : throw new CtrException(
            CtrErrorIds.BlobCorrupt,
            CtrStatus.DataLoss,
            $"The manifest '{manifest.Descriptor.Digest}' has {manifest.Layers.Count()} layers, but its config names {lower.Config.DiffIds.Count}.")
        {
            Target = manifest.Descriptor.Digest,
        };
    }

    private async Task<List<NewLayer>> LayersAsync(
        LayerWriter writer, Lease lease, Container? container, CtrImageFormat format, CancellationToken cancellationToken)
    {
        var form = LayerForm.Of(request.Compression, null);
        string mediaType = LayerForm.MediaTypeOf(format, request.Compression, nonDistributable: false);
        var added = new List<NewLayer>();
        if (container is not null)
        {
            added.Add(await CommitAsync(writer, lease, container, mediaType, form, cancellationToken).ConfigureAwait(false));
        }

        if (request.Path is { } path)
        {
            meter.Show($"Packing {path}");
            bool isFolder = Directory.Exists(path);
            added.Add(await PackAsync(
                isFolder ? FolderOf(path, "/").WriteAsync : new TarFile(path, meter).WriteAsync, "root file system").ConfigureAwait(false));
        }

        foreach (string folder in request.AddPaths)
        {
            meter.Show($"Packing {folder}");
            added.Add(await PackAsync(FolderOf(folder, request.Target).WriteAsync, $"files in {request.Target}").ConfigureAwait(false));
        }

        return added;

        FolderTar FolderOf(string folder, string target) =>
            new(folder, target, request.Changes.ClampTimes ? request.Changes.Created : null, _notes, meter);

        async Task<NewLayer> PackAsync(Func<Stream, CancellationToken, Task> write, string comment)
        {
            (Descriptor layer, string diffId) = await writer.WriteAsync(mediaType, form, write, cancellationToken).ConfigureAwait(false);
            return new NewLayer(layer, diffId, comment);
        }
    }

    /// <summary>What a container has changed, as the daemon packs it; in another form where one is wanted.</summary>
    private async Task<NewLayer> CommitAsync(
        LayerWriter writer, Lease lease, Container container, string mediaType, LayerForm form, CancellationToken cancellationToken)
    {
        CtrTask? task = request.Pause
            ? await connection.Tasks.FindAsync(request.Namespace, container.Id, cancellationToken).ConfigureAwait(false)
            : null;
        meter.Show($"Packing what container '{container.Id}' has changed");
        Descriptor changes = await connection.FrozenAsync(
            task, () => connection.Changes.PackAsync(lease, container, cancellationToken), cancellationToken).ConfigureAwait(false);
        const string Comment = "changes of a container";
        var blobs = new Content.NamespaceBlobs(connection.Content, request.Namespace, listed: false, cancellationToken);
        if (form.Compression != LayerForm.CompressionOf(changes.MediaType))
        {
            (Descriptor layer, string plain) = await writer.WriteAsync(mediaType, form, async (output, token) =>
            {
                PlainLayer packed = await PlainLayer.OpenAsync(blobs, changes, null, meter, token).ConfigureAwait(false);
                await using (packed.ConfigureAwait(false))
                {
                    await packed.CopyToAsync(output, 1 << 17, token).ConfigureAwait(false);
                }
            }, cancellationToken).ConfigureAwait(false);
            return new NewLayer(layer, plain, Comment);
        }

        if (await writer.FindDiffIdAsync(changes.Digest, cancellationToken).ConfigureAwait(false) is { } known && Digests.IsValid(known))
        {
            return new NewLayer(changes with { MediaType = mediaType }, known, Comment);
        }

        PlainLayer read = await PlainLayer.OpenAsync(blobs, changes, null, meter, cancellationToken).ConfigureAwait(false);
        await using (read.ConfigureAwait(false))
        {
            await read.FinishAsync(cancellationToken).ConfigureAwait(false);
            return new NewLayer(changes with { MediaType = mediaType }, read.DiffId, Comment);
        }
    }

    private async Task<Descriptor> WriteAsync(
        ImageSource source,
        LayerWriter writer,
        PlatformImage? lower,
        CtrPlatform platform,
        IReadOnlyList<NewLayer> added,
        CancellationToken cancellationToken)
    {
        JsonObject settings = lower is null ? ConfigEditor.Begin(platform) : ImageJson.Parse(lower.ConfigBytes, lower.ConfigBlob);
        Descriptor of = lower?.ConfigBlob ?? new Descriptor { MediaType = MediaTypes.OciConfig, Digest = request.Name, Size = 0 };
        byte[] bytes = ImageJson.Change(of, () =>
        {
            ConfigEditor.Change(settings, request.Changes, [.. added.Select(layer => (layer.DiffId, layer.Comment))]);
            return ImageJson.Write(settings);
        });
        Descriptor config = await writer.WriteDocumentAsync(
            of.MediaType, bytes, new Dictionary<string, string>(), cancellationToken).ConfigureAwait(false);

        string mediaType = lower?.Manifest.Descriptor.MediaType ?? MediaTypes.OciManifest;
        JsonObject document = lower is null
            ? new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = mediaType }
            : ImageJson.Parse(
                await source.ReadAsync(lower.Manifest.Descriptor, cancellationToken).ConfigureAwait(false), lower.Manifest.Descriptor);
        byte[] manifest = ImageJson.Change(lower?.Manifest.Descriptor ?? of, () =>
        {
            _ = document.Remove("subject"); // what the other image is about
            document["config"] = ImageJson.Of(config);
            JsonArray layers = (document["layers"] as JsonArray)?.DeepClone().AsArray() ?? [];
            foreach (NewLayer layer in added)
            {
                layers.Add(ImageJson.Of(layer.Blob));
            }

            document["layers"] = layers;
            return ImageJson.Write(document);
        });
        IEnumerable<Descriptor> children =
            [config, .. lower?.Manifest.Layers.Select(layer => layer.Descriptor) ?? [], .. added.Select(one => one.Blob)];
        return await writer.WriteDocumentAsync(mediaType, manifest, GarbageLabels.For(children), cancellationToken).ConfigureAwait(false);
    }

    private sealed record NewLayer(Descriptor Blob, string DiffId, string Comment);
}
