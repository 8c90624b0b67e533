using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using CtrPS.Client.Connection;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// Writes an image in another form, as containerd's client does (core/images/converter): from the layers up, what need not change stays the same
/// blob, and the record comes last, all under one lease.
/// </summary>
internal sealed class ImageConverter(ContainerdConnection connection, CtrImage image, CtrConvertOptions options, CtrTransferMeter meter)
    : IDisposable
{
    /// <summary>Beyond it zstd takes some 100 MiB for each layer.</summary>
    private const int MaxEasyLevel = 9;

    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly ConcurrentDictionary<string, Lazy<Task<Descriptor>>> _layers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _kept = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _converted = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Digest, string MediaType), Descriptor> _documents = [];
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _sourceSizes = new(StringComparer.Ordinal);
    private readonly List<CtrPlatform> _platforms = [];
    private readonly SortedSet<string> _warnings = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _notes = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(options.Level > MaxEasyLevel ? Math.Min(options.Concurrency, 2) : options.Concurrency);
    private ImageSource _source = null!;
    private LayerWriter _writer = null!;

    public async Task<CtrConversion> RunAsync(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        RefuseOwnName();
        Descriptor target = Records.TargetOf(image);
        _source = new ImageSource(connection, image.Namespace, listed: false, cancellationToken);
        ImageNode root = await _source.ReadGraphAsync(target).ConfigureAwait(false);
        var selection = ImageSelection.Of(root, SelectionRules.ToGive(options.Scope, options.Platforms));
        await MoveChecks.RequireAsync(
            $"The image '{image.Name}' in {_source.Words} cannot be converted", image.Name, _source, selection, otherwise: null, cancellationToken)
            .ConfigureAwait(false);
        foreach (ImageNode manifest in selection.Images)
        {
            RequireForm(manifest);
        }

        string? snapshotter = options.Unpack
            ? await connection.Unpacker.ChooseSnapshotterAsync(image.Namespace, options.Snapshotter, cancellationToken).ConfigureAwait(false)
            : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Lease lease = await connection.Leases.CreateAsync(image.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            _writer = new LayerWriter(connection.Content, lease);
            Descriptor converted;
            try
            {
                converted = await ConvertAsync(
                    root, selection.Nodes.Select(node => node.Descriptor.Digest).ToHashSet(StringComparer.Ordinal), stop.Token).ConfigureAwait(false)
                    ?? throw NothingLeft();
            }
            finally
            {
                // Where one layer failed that is what matters; but nobody may be at work under the lease any more.
                await stop.CancelAsync().ConfigureAwait(false);
                await ((Task)Task.WhenAll(_layers.Values.Where(one => one.IsValueCreated).Select(one => one.Value)))
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            AddNotes(selection);
            await RefuseOtherAsync(converted, cancellationToken).ConfigureAwait(false);
            if (snapshotter is not null)
            {
                await UnpackAsync(lease, converted, snapshotter, cancellationToken).ConfigureAwait(false);
            }

            CtrImage made = await connection.Images.PutAsync(
                image.Namespace, options.Name, converted, image.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            return new CtrConversion(
                new CtrConvertedImage
                {
                    Name = made.Name,
                    Namespace = image.Namespace,
                    Source = image.Name,
                    Digest = converted.Digest,
                    SourceDigest = target.Digest,
                    MediaType = converted.MediaType,
                    Platforms = _platforms.ToArray(),
                    LayersConverted = _converted.Count,
                    LayersKept = _kept.Count,
                    SourceSize = _sourceSizes.Values.Sum(),
                    Size = _sizes.Values.Sum(),
                    Duration = Stopwatch.GetElapsedTime(start),
                },
                [.. _warnings],
                [.. _notes]);
        }
    }

    public void Dispose() => _turns.Dispose();

    /// <summary>Converts what a node stands for. Null: it is left out.</summary>
    private async Task<Descriptor?> ConvertAsync(ImageNode node, IReadOnlySet<string> wanted, CancellationToken cancellationToken)
    {
        if (!wanted.Contains(node.Descriptor.Digest))
        {
            return null;
        }

        (string, string) key = (node.Descriptor.Digest, node.Descriptor.MediaType);
        if (!_documents.TryGetValue(key, out Descriptor? converted))
        {
            Descriptor? made = node.Kind switch
            {
                ImageNodeKind.Index => await ConvertIndexAsync(node, wanted, cancellationToken).ConfigureAwait(false),
                ImageNodeKind.Manifest => await ConvertManifestAsync(node, cancellationToken).ConfigureAwait(false),
                _ => await KeepAsync(node.Descriptor, cancellationToken).ConfigureAwait(false),
            };
            if (made is null)
            {
                return null;
            }

            _documents[key] = converted = made;
        }

        return converted;
    }

    private async Task<Descriptor?> ConvertIndexAsync(ImageNode index, IReadOnlySet<string> wanted, CancellationToken cancellationToken)
    {
        JsonObject document = ImageJson.Parse(await _source.ReadAsync(index.Descriptor, cancellationToken).ConfigureAwait(false), index.Descriptor);
        bool toDocker = options.Format == CtrImageFormat.Docker;

        // Images first: what is about one of them may have to go.
        var made = new Descriptor?[index.Children.Count];
        foreach (bool aboutOthers in new[] { false, true })
        {
            for (int i = 0; i < made.Length; i++)
            {
                ImageNode child = index.Children[i];
                if (child.IsAttestation == aboutOthers && wanted.Contains(child.Descriptor.Digest)
                    && !(aboutOthers && IsOutdated(child, toDocker)))
                {
                    made[i] = await ConvertAsync(child, wanted, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        string mediaType = TypeOf(index.Descriptor.MediaType, MediaTypes.OciIndex, MediaTypes.DockerManifestList);
        bool isSame = mediaType == index.Descriptor.MediaType
            && made.Zip(index.Children, (after, before) => IsSame(after, before.Descriptor)).All(same => same);
        if (isSame)
        {
            return await KeepAsync(index.Descriptor, cancellationToken).ConfigureAwait(false);
        }

        if (!made.Any(one => one is not null))
        {
            return null;
        }

        byte[] bytes = ImageJson.Change(index.Descriptor, () =>
        {
            JsonArray entries = document["manifests"]!.AsArray();
            var left = new JsonArray();
            for (int i = 0; i < made.Length; i++)
            {
                if (made[i] is { } one)
                {
                    left.Add(Replace(entries[i]!.AsObject(), one));
                }
            }

            document["manifests"] = left;
            SetType(document, mediaType);
            return ImageJson.Write(document);
        });
        IReadOnlyDictionary<string, string> labels = GarbageLabels.For(made.OfType<Descriptor>());
        return Count(index.Descriptor, await _writer.WriteDocumentAsync(mediaType, bytes, labels, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// What is said about an image that is another one now, or is left out, is wrong; and docker's indexes cannot say what it is about.
    /// </summary>
    private bool IsOutdated(ImageNode attestation, bool toDocker)
    {
        bool isOutdated = toDocker || (attestation.AttestedDigest is { } about
            ? !_documents.Any(one => one.Key.Digest == about && one.Value.Digest == about)
            : _documents.Any(one => one.Key.Digest != one.Value.Digest));
        if (isOutdated)
        {
            _ = _warnings.Add("Attestations (provenance, SBOM) are left out: they name the digests of the image as it was.");
        }

        return isOutdated;
    }

    private async Task<Descriptor> ConvertManifestAsync(ImageNode manifest, CancellationToken cancellationToken)
    {
        // An attestation that still fits, or an artifact: not of layers that could be converted.
        if (manifest.IsAttestation || !manifest.IsFileSystem)
        {
            if (!manifest.IsAttestation)
            {
                _ = _notes.Add($"{manifest.Descriptor.Digest} stays as it is: it is no image of a file system.");
            }

            foreach (Descriptor part in manifest.Children.Select(child => child.Descriptor))
            {
                _ = await KeepAsync(part, cancellationToken).ConfigureAwait(false);
            }

            return await KeepAsync(manifest.Descriptor, cancellationToken).ConfigureAwait(false);
        }

        PlatformImage platform = await PlatformImage.ReadAsync(
            _source, image, manifest, "cannot be converted", cancellationToken).ConfigureAwait(false);
        Descriptor[] before = [.. manifest.Layers.Select(layer => layer.Descriptor)];
        IReadOnlyList<string> diffIds = platform.Config.DiffIds;
        if (diffIds.Count != before.Length)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The manifest '{manifest.Descriptor.Digest}' has {before.Length} layers, but its config names {diffIds.Count}.")
            {
                Target = manifest.Descriptor.Digest,
            };
        }

        if (manifest.Platform is { } own)
        {
            _platforms.Add(own);
        }

        string mediaType = TypeOf(manifest.Descriptor.MediaType, MediaTypes.OciManifest, MediaTypes.DockerManifest);
        CtrImageFormat format = FormatOf(mediaType);
        string configType = TypeOf(platform.ConfigBlob.MediaType, MediaTypes.OciConfig, MediaTypes.DockerConfig);
        meter.Show($"Converting {manifest.Platform?.ToString() ?? manifest.Descriptor.Digest}");
        bool squash = options.Squash && before.Length > 1;
        foreach (Descriptor layer in before)
        {
            _sourceSizes[layer.Digest] = layer.Size;
        }

        Descriptor config;
        Descriptor[] after;
        if (squash)
        {
            (config, Descriptor layer) = await SquashAsync(platform, before, format, configType, cancellationToken).ConfigureAwait(false);
            after = [layer];
        }
        else
        {
            after = await Task.WhenAll(before.Select((layer, place) =>
                ConvertLayerAsync(layer, diffIds[place], format, cancellationToken))).ConfigureAwait(false);
            config = await KeepAsync(platform.ConfigBlob, cancellationToken).ConfigureAwait(false) with { MediaType = configType };
        }

        foreach (Descriptor layer in after)
        {
            _sizes[layer.Digest] = layer.Size;
        }

        bool isSame = mediaType == manifest.Descriptor.MediaType && configType == platform.ConfigBlob.MediaType
            && after.Length == before.Length
            && after.Zip(before, IsSame).All(same => same);
        if (isSame)
        {
            return await KeepAsync(manifest.Descriptor, cancellationToken).ConfigureAwait(false);
        }

        JsonObject document = ImageJson.Parse(
            await _source.ReadAsync(manifest.Descriptor, cancellationToken).ConfigureAwait(false), manifest.Descriptor);
        byte[] bytes = ImageJson.Change(manifest.Descriptor, () =>
        {
            document["config"] = Replace(document["config"]!.AsObject(), config);
            JsonArray old = document["layers"]!.AsArray();
            document["layers"] = new JsonArray(
                [.. squash ? [ImageJson.Of(after[0])] : after.Select((layer, place) => Replace(old[place]!.AsObject(), layer))]);
            SetType(document, mediaType);
            return ImageJson.Write(document);
        });
        return Count(
            manifest.Descriptor,
            await _writer.WriteDocumentAsync(mediaType, bytes, GarbageLabels.For(after.Prepend(config)), cancellationToken).ConfigureAwait(false));
    }

    private async Task<Descriptor> ConvertLayerAsync(Descriptor layer, string diffId, CtrImageFormat format, CancellationToken cancellationToken)
    {
        CtrCompression now = LayerForm.CompressionOf(layer.MediaType);
        CtrCompression wanted = options.Compression ?? now;
        bool nonDistributable = MediaTypes.IsNonDistributable(layer.MediaType);
        string mediaType = options.Format is null && wanted == now ? layer.MediaType
            : LayerForm.MediaTypeOf(format, wanted, nonDistributable);
        if (wanted == now)
        {
            _ = _kept.TryAdd(layer.Digest, 0);
            return await KeepAsync(layer, cancellationToken).ConfigureAwait(false) with { MediaType = mediaType };
        }

        Descriptor converted = await _layers.GetOrAdd(
            layer.Digest + mediaType,
            _ => new Lazy<Task<Descriptor>>(() => WriteLayerAsync(layer, diffId, mediaType, LayerForm.Of(wanted, options.Level), cancellationToken)))
            .Value.ConfigureAwait(false);
        _ = _converted.TryAdd(layer.Digest, 0);
        return converted;
    }

    private async Task<Descriptor> WriteLayerAsync(
        Descriptor layer, string diffId, string mediaType, LayerForm form, CancellationToken cancellationToken)
    {
        if (await _writer.FindAsync(diffId, mediaType, form, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            meter.AddTotal(layer.Size);
            (Descriptor written, _) = await _writer.WriteAsync(mediaType, form, async (output, token) =>
            {
                PlainLayer plain = await PlainLayer.OpenAsync(_source, layer, diffId, meter, token).ConfigureAwait(false);
                await using (plain.ConfigureAwait(false))
                {
                    await plain.CopyToAsync(output, 1 << 17, token).ConfigureAwait(false);
                }
            }, cancellationToken).ConfigureAwait(false);
            return written;
        }
        finally
        {
            _ = _turns.Release();
        }
    }

    private async Task<(Descriptor Config, Descriptor Layer)> SquashAsync(
        PlatformImage platform, Descriptor[] layers, CtrImageFormat format, string configType, CancellationToken cancellationToken)
    {
        var form = LayerForm.Of(options.Compression ?? CtrCompression.Gzip, options.Level);
        string mediaType = LayerForm.MediaTypeOf(format, form.Compression, layers.Any(layer => MediaTypes.IsNonDistributable(layer.MediaType)));
        IReadOnlyList<string> diffIds = platform.Config.DiffIds;
        meter.AddTotal(2 * layers.Sum(layer => layer.Size));
        var merge = new LayerMerge(_source, [.. layers.Select((layer, place) => (layer, diffIds[place]))], meter);
        (Descriptor merged, string diffId) =
            await _writer.WriteAsync(mediaType, form, merge.WriteAsync, cancellationToken).ConfigureAwait(false);
        foreach (Descriptor layer in layers)
        {
            _ = _converted.TryAdd(layer.Digest, 0);
        }

        JsonObject config = ImageJson.Parse(platform.ConfigBytes, platform.ConfigBlob);
        byte[] bytes = ImageJson.Change(platform.ConfigBlob, () =>
        {
            config["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(diffId) };
            var history = (config["history"] as JsonArray)?.DeepClone().AsArray() ?? [];
            foreach (JsonNode? step in history)
            {
                // What it made is in the layer of the last step.
                ((step as JsonObject) ?? throw new FormatException("a step of the history is none"))["empty_layer"] = true;
            }

            var last = new JsonObject();
            if (config["created"] is { } created)
            {
                last["created"] = created.DeepClone();
            }

            last["created_by"] = "Convert-CtrImage -Squash";
            last["comment"] = $"{layers.Length} layers merged";
            history.Add(last);
            config["history"] = history;

            // The images that it was built from are in it no more.
            _ = config.Remove("parent");
            _ = (config["config"] as JsonObject)?.Remove("Image");
            _ = (config["container_config"] as JsonObject)?.Remove("Image");
            return ImageJson.Write(config);
        });
        Descriptor written = await _writer.WriteDocumentAsync(configType, bytes, NoLabels, cancellationToken).ConfigureAwait(false);
        return (Count(platform.ConfigBlob, written), merged);
    }

    /// <summary>Leaves a blob as it is.</summary>
    private async Task<Descriptor> KeepAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        await _writer.KeepAsync(blob.Digest, $"image '{image.Name}' in {_source.Words}", cancellationToken).ConfigureAwait(false);
        return Count(blob, blob);
    }

    private Descriptor Count(Descriptor before, Descriptor after)
    {
        lock (_sizes)
        {
            _sourceSizes[before.Digest] = before.Size;
            _sizes[after.Digest] = after.Size;
        }

        return after;
    }

    private static bool IsSame(Descriptor? one, Descriptor other) => one?.Digest == other.Digest && one.MediaType == other.MediaType;

    private string TypeOf(string now, string oci, string docker) => options.Format switch
    {
        CtrImageFormat.Oci => oci,
        CtrImageFormat.Docker => docker,
        _ => now,
    };

    private static CtrImageFormat FormatOf(string manifestType) =>
        manifestType == MediaTypes.DockerManifest ? CtrImageFormat.Docker : CtrImageFormat.Oci;

    /// <summary>The descriptor of a child, with what else the document says of it as far as that still fits.</summary>
    private JsonObject Replace(JsonObject old, Descriptor now)
    {
        JsonObject made = ImageJson.Replace(old, now);
        if (options.Format == CtrImageFormat.Docker)
        {
            DropAnnotations(made);
            _ = made.Remove("artifactType");
        }

        return made;
    }

    private void SetType(JsonObject document, string mediaType)
    {
        document["schemaVersion"] = 2;
        document["mediaType"] = mediaType;
        if (options.Format == CtrImageFormat.Docker)
        {
            DropAnnotations(document);
            _ = document.Remove("artifactType");
            _ = document.Remove("subject");
        }
    }

    private void DropAnnotations(JsonObject owner)
    {
        if (owner.Remove("annotations", out JsonNode? dropped) && dropped is JsonObject { Count: > 0 })
        {
            _ = _warnings.Add("Annotations are left out: docker's format has none.");
        }
    }

    /// <summary>What the format that is wanted cannot hold is refused before anything is written.</summary>
    private void RequireForm(ImageNode manifest)
    {
        if (!manifest.IsFileSystem)
        {
            return;
        }

        CtrImageFormat format = FormatOf(TypeOf(manifest.Descriptor.MediaType, MediaTypes.OciManifest, MediaTypes.DockerManifest));
        bool squash = options.Squash && manifest.Layers.Skip(1).Any();
        foreach (ImageNode layer in manifest.Layers)
        {
            string mediaType = layer.Descriptor.MediaType;
            bool changes = options.Format is not null || squash
                || (options.Compression is { } wanted && wanted != LayerForm.CompressionOf(mediaType));
            if (changes && !LayerForm.IsKnown(mediaType))
            {
                throw new CtrException(
                    CtrErrorIds.NotSupported,
                    CtrStatus.Unimplemented,
                    $"The image '{image.Name}' cannot be converted: its layer '{layer.Descriptor.Digest}' is of the media type "
                        + $"'{ForeignText.Show(mediaType)}', and not a plain tar or one compressed by gzip or zstd.")
                {
                    Target = image.Name,
                };
            }

            CtrCompression after = squash ? options.Compression ?? CtrCompression.Gzip
                : options.Compression ?? LayerForm.CompressionOf(mediaType);
            if (changes && format == CtrImageFormat.Docker && after == CtrCompression.Zstd)
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument,
                    CtrStatus.InvalidArgument,
                    $"The image '{image.Name}' cannot be converted: docker's format has no layers of zstd, only OCI's has.")
                {
                    Target = image.Name,
                    RecommendedAction = "Add -Format Oci, or take -Compression Gzip.",
                };
            }
        }
    }

    /// <summary>To put something else in the place of an image is to be said.</summary>
    private void RefuseOwnName()
    {
        if (options.Name == image.Name && !options.Replace)
        {
            throw new CtrException(
                CtrErrorIds.ImageExists,
                CtrStatus.AlreadyExists,
                $"The image '{image.Name}' in namespace '{image.Namespace}' would be put in its own place.")
            {
                Target = image.Name,
                RecommendedAction = "Give the converted image a name with -NewName, or move the name to it with -Force.",
            };
        }
    }

    private async Task RefuseOtherAsync(Descriptor converted, CancellationToken cancellationToken)
    {
        if (!options.Replace
            && await connection.Images.GetAsync(image.Namespace, options.Name, cancellationToken).ConfigureAwait(false) is { } existing
            && existing.Target.Digest != converted.Digest)
        {
            throw new CtrException(
                CtrErrorIds.ImageExists,
                CtrStatus.AlreadyExists,
                $"The image '{options.Name}' in namespace '{image.Namespace}' exists already and points to {existing.Target.Digest}, "
                    + $"not to {converted.Digest}.")
            {
                Target = options.Name,
                RecommendedAction = "Use -Force to move the name, or -NewName for another one.",
            };
        }
    }

    private CtrException NothingLeft() => new(
        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The image '{image.Name}' has nothing that could be converted.")
    {
        Target = image.Name,
    };

    private void AddNotes(ImageSelection selection)
    {
        foreach (ImageNode left in selection.AllImages.Except(selection.Images).Where(_ => options.Scope == CtrPlatformScope.Available))
        {
            _ = _notes.Add($"{left.Platform?.ToString() ?? left.Descriptor.Digest} is left out of the index: it is not whole in {_source.Words}.");
        }

        if (selection.Root.Manifests.Any(manifest => manifest is { IsAttestation: true, StoredSize: null }))
        {
            _ = _notes.Add($"Attestations that are not in {_source.Words} are left out of the index.");
        }

        if (options.Name == image.Name && image.Aliases.Count > 0)
        {
            _ = _warnings.Add($"{string.Join(", ", image.Aliases)} still point to the image as it was, and keep it.");
        }
    }

    private async Task UnpackAsync(Lease lease, Descriptor converted, string snapshotter, CancellationToken cancellationToken)
    {
        CtrPlatform host = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        var source = new ImageSource(connection, image.Namespace, listed: false, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(converted).ConfigureAwait(false);
        ImageNode[] manifests = options.Scope == CtrPlatformScope.Listed
            ? [.. root.Manifests.Where(manifest => !manifest.IsAttestation)]
            : ImageSelection.Best(root, PlatformMatcher.Only(host), checkRoot: true) is { } best ? [best] : [];
        if (manifests.Length == 0)
        {
            _ = _warnings.Add($"It is not unpacked: the daemon runs {host}, and the image has nothing for that.");
        }

        foreach (ImageNode manifest in manifests)
        {
            if (await connection.Unpacker.UnpackAsync(lease, manifest, snapshotter, meter, cancellationToken).ConfigureAwait(false) is null)
            {
                _ = _notes.Add($"{manifest.Descriptor.Digest} is not unpacked: it is no image of a file system.");
            }
        }
    }
}
