using System.Collections.Concurrent;
using System.Text.Json;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;
using CtrPS.Client.Snapshots;

namespace CtrPS.Client.Images;

/// <inheritdoc/>
internal sealed class ImageInspector(ContainerdConnection connection) : IImageInspector
{
    /// <summary>Questions about snapshots and configs under way at the same time.</summary>
    private const int Concurrency = 16;

    public async Task<CtrImageConfig> ReadConfigAsync(CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken)
    {
        ImageSource source = SourceOf(image, cancellationToken);
        PlatformImage found = await ReadAsync(
            source, image, platform, "has no config that says how it is run", cancellationToken).ConfigureAwait(false);
        var named = new List<CtrImage>();
        var query = new CtrImageQuery
        {
            Namespace = image.Namespace,
            Filters = [$"target.digest==\"{image.Digest}\""],
            AllRecords = true,
            Detail = CtrImageDetail.None,
        };
        await foreach (CtrImage one in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
        {
            named.Add(one);
        }

        CtrImageReference[] references =
            [.. named.Where(one => one.Repository is not null).Select(one => CtrImageReference.Parse(one.Name))];
        return found.Settings.With(copy =>
        {
            copy.Name = image.Name;
            copy.Namespace = image.Namespace;
            copy.ManifestDigest = found.Manifest.Descriptor.Digest;
            copy.Facts = new CtrImageFacts(
                [.. references.Where(one => one.Tag is not null).Select(one => one.FamiliarName)],
                [.. references.Select(one => $"{one.FamiliarRepository}@{image.Digest}").Distinct()],
                found.Manifest.Descriptor.Size + found.Manifest.State.ChildrenSize,
                image.UpdatedAt);
        });
    }

    public async Task<IReadOnlyList<CtrImageHistoryEntry>> ReadHistoryAsync(
        CtrImage image, CtrPlatform? platform, string? snapshotter, CancellationToken cancellationToken)
    {
        ImageSource source = SourceOf(image, cancellationToken);
        PlatformImage found = await ReadAsync(source, image, platform, "does not tell how it was made", cancellationToken).ConfigureAwait(false);
        IReadOnlyList<SnapshotUsage?> usages = await UsagesAsync(found, snapshotter, cancellationToken).ConfigureAwait(false);
        ImageNode[] layers = [.. found.Manifest.Layers];
        var entries = new List<CtrImageHistoryEntry>();
        foreach ((HistoryStep step, int? layer) in StepsOf(found))
        {
            ImageNode? blob = layer is { } at && at < layers.Length ? layers[at] : null;
            entries.Add(new CtrImageHistoryEntry
            {
                Name = image.Name,
                Namespace = image.Namespace,
                Platform = found.Settings.Platform,
                Created = step.Created,
                CreatedBy = step.CreatedBy,
                Author = step.Author,
                Comment = step.Comment,
                IsEmptyLayer = step.IsEmpty,
                LayerDigest = blob?.Descriptor.Digest,
                PackedSize = step.IsEmpty ? 0 : blob?.Descriptor.Size,
                Size = step.IsEmpty ? 0 : layer is { } place && place < usages.Count ? usages[place]?.Size : null,
                Share = ShareOf(blob, layers),
            });
        }

        entries.Reverse();
        if (entries.Count > 0)
        {
            entries[0].Id = found.Settings.Digest;
        }

        return entries;
    }

    public async Task<CtrBlobUsers> ReadUsersAsync(string @namespace, CancellationToken cancellationToken)
    {
        var blobs = new NamespaceBlobs(connection.Content, @namespace, listed: true, cancellationToken);
        blobs.Begin();
        IReadOnlyList<(CtrImage Image, ImageNode Root)> all =
            await connection.Images.ReadGraphsAsync(blobs, cancellationToken).ConfigureAwait(false);
        return new CtrBlobUsers(all
            .SelectMany(one => one.Root.All.Select(node => node.Descriptor.Digest).Distinct().Select(digest => (digest, one.Image)))
            .ToLookup(pair => pair.digest, pair => (pair.Image.Name, pair.Image.Digest), StringComparer.Ordinal));
    }

    public async Task<IReadOnlyList<CtrImageLayer>> ReadLayersAsync(
        CtrImage image, CtrPlatform? platform, string? snapshotter, CtrBlobUsers users, CancellationToken cancellationToken)
    {
        ImageSource source = SourceOf(image, cancellationToken);
        ImageNode manifest = await FindAsync(source, image, platform, cancellationToken).ConfigureAwait(false);
        ImageNode[] layers = [.. manifest.Layers];

        // Artifacts have layers too, and so has an image whose config is lost.
        PlatformImage? found = manifest is { IsFileSystem: true, Config.IsSound: true }
            ? await PlatformImage.ReadAsync(source, image, manifest, "has no layers", cancellationToken).ConfigureAwait(false)
            : null;
        IReadOnlyList<SnapshotUsage?> usages =
            found is null ? [] : await UsagesAsync(found, snapshotter, cancellationToken).ConfigureAwait(false);
        Dictionary<int, string> commands = found is null ? [] : StepsOf(found)
            .Where(one => one.Layer is not null)
            .ToDictionary(one => one.Layer!.Value, one => one.Step.CreatedBy);
        return
        [
            .. layers.Select((layer, place) => new CtrImageLayer
            {
                Name = image.Name,
                Namespace = image.Namespace,
                Platform = manifest.Platform,
                Index = place + 1,
                Digest = layer.Descriptor.Digest,
                MediaType = layer.Descriptor.MediaType,
                DiffId = found?.Config.DiffIds.ElementAtOrDefault(place),
                ChainId = found?.Config.ChainIds.ElementAtOrDefault(place),
                CreatedBy = commands.GetValueOrDefault(place, ""),
                PackedSize = layer.Descriptor.Size,
                Size = usages.ElementAtOrDefault(place)?.Size,
                Inodes = usages.ElementAtOrDefault(place)?.Inodes,
                IsPresent = layer.StoredSize is not null,
                IsUnpacked = usages.ElementAtOrDefault(place) is not null,
                SharedWith = users.OthersOf(layer.Descriptor.Digest, image),
                Share = ShareOf(layer, layers),
            }),
        ];
    }

    public async Task<CtrImageManifest> ReadManifestAsync(CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken)
    {
        ImageSource source = SourceOf(image, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        ImageNode node = platform is null ? root : await FindAsync(source, image, platform, cancellationToken).ConfigureAwait(false);
        PlatformImage.Require(node, image);
        if (!node.IsDocument)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The image '{image.Name}' points to neither a manifest nor an index, but to '{ForeignText.Show(node.Descriptor.MediaType)}'.")
            {
                Target = image.Name,
            };
        }

        ReadOnlyMemory<byte> bytes = await source.ReadAsync(node.Descriptor, cancellationToken).ConfigureAwait(false);
        using var json = JsonDocument.Parse(bytes);
        return new CtrImageManifest
        {
            Name = image.Name,
            Namespace = image.Namespace,
            Digest = node.Descriptor.Digest,
            MediaType = node.Descriptor.MediaType,
            Size = bytes.Length,
            Platform = node.Platform,
            ArtifactType = ManifestText.ArtifactOf(json.RootElement),
            Subject = json.RootElement.TryGetProperty("subject", out JsonElement subject)
                && ManifestText.Of(subject, "digest") is { Length: > 0 } about ? about : null,
            Config = node.Config?.Descriptor.Digest,
            Layers = [.. node.Layers.Select(layer => layer.Descriptor.Digest)],
            Manifests = node.Kind == ImageNodeKind.Index ? [.. node.Children.Select(child => child.Descriptor.Digest)] : [],
            Annotations = ManifestText.MapOf(json.RootElement, "annotations"),
            Bytes = bytes,
        };
    }

    public async Task<IReadOnlyList<CtrImageBlob>> ReadTreeAsync(CtrImage image, CancellationToken cancellationToken)
    {
        ImageNode root = await SourceOf(image, cancellationToken).ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        var blobs = new List<CtrImageBlob>();
        var entered = new HashSet<BlobState>(ReferenceEqualityComparer.Instance);
        Add(root, 0);
        return blobs;

        // What is listed in several places is shown in each, and what is below it in the first alone: an image may list itself to no end else.
        void Add(ImageNode node, int depth)
        {
            blobs.Add(BlobOf(image, node, depth));
            foreach (ImageNode child in entered.Add(node.State) ? node.Children : [])
            {
                Add(child, depth + 1);
            }
        }
    }

    public async Task<IReadOnlyList<CtrImageUsage>> MeasureAsync(
        IReadOnlyList<CtrImage> images, string? snapshotter, CancellationToken cancellationToken)
    {
        string @namespace = images[0].Namespace;
        string? chosen = await connection.Unpacker.FindSnapshotterAsync(@namespace, snapshotter, cancellationToken).ConfigureAwait(false);
        var blobs = new NamespaceBlobs(connection.Content, @namespace, listed: true, cancellationToken);
        blobs.Begin();
        IReadOnlyList<(CtrImage Image, ImageNode Root)> all =
            await connection.Images.ReadGraphsAsync(blobs, cancellationToken).ConfigureAwait(false);
        IReadOnlySet<string> unpacked = chosen is null
            ? new HashSet<string>()
            : await connection.Snapshots.ListCommittedAsync(@namespace, chosen, cancellationToken).ConfigureAwait(false);

        // Names of one digest are one image.
        var parts = new Dictionary<string, Parts>(StringComparer.Ordinal);
        await foreach ((string digest, Parts own) in OrderedParallel.SelectAsync(
            all.DistinctBy(one => one.Image.Digest),
            Concurrency,
            async (one, token) => (one.Image.Digest, await PartsOfAsync(blobs, one.Root, unpacked, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            parts[digest] = own;
        }

        Dictionary<string, int> users = parts.Values.SelectMany(own => own.Blobs.Keys.Concat(own.Chains.Select(Snapshot)))
            .GroupBy(part => part, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var usages = new ConcurrentDictionary<string, SnapshotUsage?>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            images.Where(image => parts.ContainsKey(image.Digest)).SelectMany(image => parts[image.Digest].Chains).Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (chain, token) => usages[chain] =
                await connection.Snapshots.FindUsageAsync(@namespace, chosen!, chain, token).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. images.Select(UsageOf)];

        CtrImageUsage UsageOf(CtrImage image)
        {
            Parts own = parts.GetValueOrDefault(image.Digest) ?? new Parts(new Dictionary<string, long>(), []);
            SnapshotUsage[] layers = [.. own.Chains.Select(chain => usages.GetValueOrDefault(chain)).OfType<SnapshotUsage>()];
            return new CtrImageUsage
            {
                Name = image.Name,
                Namespace = @namespace,
                Digest = image.Digest,
                Snapshotter = chosen,
                PackedSize = own.Blobs.Values.Sum(),
                UnpackedSize = layers.Sum(layer => layer.Size),
                UniqueSize = own.Blobs.Where(blob => users[blob.Key] == 1).Sum(blob => blob.Value)
                    + own.Chains.Where(chain => users[Snapshot(chain)] == 1).Sum(chain => usages.GetValueOrDefault(chain)?.Size ?? 0),
                Inodes = layers.Sum(layer => layer.Inodes),
                UnpackedLayers = layers.Length,
            };
        }
    }

    /// <summary>A layer that is stored plain may be named as its snapshot is.</summary>
    private static string Snapshot(string chain) => "snapshot " + chain;

    /// <summary>The blobs of an image that are here, and the snapshots that its layers are unpacked to.</summary>
    private static async Task<Parts> PartsOfAsync(
        NamespaceBlobs blobs, ImageNode root, IReadOnlySet<string> unpacked, CancellationToken cancellationToken)
    {
        var here = new Dictionary<string, long>(StringComparer.Ordinal);
        var chains = new HashSet<string>(StringComparer.Ordinal);
        foreach (ImageNode node in root.All.Where(node => node.StoredSize is not null))
        {
            here[node.Descriptor.Digest] = node.StoredSize!.Value;
        }

        foreach (ImageNode manifest in root.Manifests.Where(manifest => manifest is { IsFileSystem: true, Config.IsSound: true }))
        {
            try
            {
                Descriptor config = manifest.Config!.Descriptor;
                var parsed = ImageConfig.Parse(await blobs.ReadAsync(config, cancellationToken).ConfigureAwait(false), config);
                chains.UnionWith(parsed.ChainIds.Where(unpacked.Contains));
            }
            catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
            {
                // Test-CtrImage tells: what is unpacked of an image without a config, nobody knows.
            }
        }

        return new Parts(here, [.. chains]);
    }

    /// <summary>
    /// The steps of the history, oldest first, each with the place of the layer that it made; layers of which the history tells nothing come last.
    /// </summary>
    private static IEnumerable<(HistoryStep Step, int? Layer)> StepsOf(PlatformImage image)
    {
        int next = 0;
        foreach (HistoryStep step in ImageConfigDocument.ParseHistory(image.ConfigBytes, image.ConfigBlob))
        {
            yield return (step, step.IsEmpty ? null : next++);
        }

        for (int count = image.Manifest.Layers.Count(); next < count; next++)
        {
            yield return (new HistoryStep(null, "", "", "", IsEmpty: false), next);
        }
    }

    private static double ShareOf(ImageNode? layer, ImageNode[] layers) =>
        layer is null || layers.Sum(one => one.Descriptor.Size) is not (> 0 and var all) ? 0 : (double)layer.Descriptor.Size / all;

    /// <summary>What each layer takes unpacked, bottom first; null where it is not.</summary>
    private async Task<IReadOnlyList<SnapshotUsage?>> UsagesAsync(PlatformImage image, string? snapshotter, CancellationToken cancellationToken)
    {
        string @namespace = image.Image.Namespace;
        if (await connection.Unpacker.FindSnapshotterAsync(@namespace, snapshotter, cancellationToken).ConfigureAwait(false) is not { } chosen)
        {
            return [];
        }

        var usages = new List<SnapshotUsage?>();
        await foreach (SnapshotUsage? usage in OrderedParallel.SelectAsync(
            image.Config.ChainIds,
            Concurrency,
            (chain, token) => connection.Snapshots.FindUsageAsync(@namespace, chosen, chain, token),
            cancellationToken).ConfigureAwait(false))
        {
            usages.Add(usage);
        }

        return usages;
    }

    private static async Task<PlatformImage> ReadAsync(
        ImageSource source, CtrImage image, CtrPlatform? platform, string cannot, CancellationToken cancellationToken) =>
        await PlatformImage.ReadAsync(
            source, image, await FindAsync(source, image, platform, cancellationToken).ConfigureAwait(false), cannot, cancellationToken)
            .ConfigureAwait(false);

    private static Task<ImageNode> FindAsync(ImageSource source, CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken) =>
        platform is null
            ? PlatformImage.FindAnyAsync(source, image, cancellationToken)
            : PlatformImage.FindAsync(source, image, platform, wayOut: null);

    private ImageSource SourceOf(CtrImage image, CancellationToken cancellationToken) =>
        new(connection, image.Namespace, listed: false, cancellationToken);

    private static CtrImageBlob BlobOf(CtrImage image, ImageNode node, int depth) => new()
    {
        Name = image.Name,
        Namespace = image.Namespace,
        Kind = node.IsAttestation ? CtrImageBlobKind.Attestation : Enum.Parse<CtrImageBlobKind>(node.Kind.ToString()),
        Depth = depth,
        Digest = node.Descriptor.Digest,
        MediaType = node.Descriptor.MediaType,
        Size = node.Descriptor.Size,
        Platform = node.Platform,
        IsPresent = node.StoredSize is not null,
        Fault = node.Fault?.Message,
        Annotations = CtrMap.Of(node.Descriptor.Annotations),
    };

    /// <param name="Blobs">Digests and bytes.</param>
    /// <param name="Chains">Names of snapshots.</param>
    private sealed record Parts(IReadOnlyDictionary<string, long> Blobs, IReadOnlyList<string> Chains);
}
