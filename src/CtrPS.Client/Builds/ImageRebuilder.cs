using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CtrPS.Client.Connection;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// Makes the layers of an image anew that are gone from the store (discard_unpacked_layers), out of the snapshots that they were unpacked to. A tar
/// is no image of a folder: the same files can be written in many ways. Containerd's differ writes them as BuildKit does, and what docker's own
/// builder and podman write differs from that in one field; a layer counts as proven if one of both hashes to the diff id that the config names. As
/// it is compressed anew its digest is another one, and with it that of the manifest.
/// </summary>
internal sealed class ImageRebuilder : ICtrRebuild
{
    /// <summary>What a manifest says of the one in whose place it was made.</summary>
    private const string OriginAnnotation = "ctrps.io/rebuilt-from";

    /// <summary>Layers made at the same time: each is read, hashed and compressed.</summary>
    private const int Width = 4;

    private const string Plain = MediaTypes.OciLayer;
    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly ContainerdConnection _connection;
    private readonly ImageSource _source;
    private readonly ImageNode _root;
    private readonly IReadOnlyList<Part> _parts;
    private readonly bool _allowNewDiffIds;

    private ImageRebuilder(
        ContainerdConnection connection, CtrImage image, ImageSource source, ImageNode root, IReadOnlyList<Part> parts, bool allowNewDiffIds)
    {
        (_connection, Image, _source, _root, _parts, _allowNewDiffIds) = (connection, image, source, root, parts, allowNewDiffIds);
    }

    public CtrImage Image { get; }

    public IReadOnlyList<CtrBlobFault> Layers { get; private init; } = [];

    public IReadOnlyList<CtrBlobFault> Others { get; private init; } = [];

    /// <summary>Looks what can be made anew.</summary>
    public static async Task<ImageRebuilder> PlanAsync(
        ContainerdConnection connection, CtrImage image, bool allowNewDiffIds, CancellationToken cancellationToken)
    {
        var source = new ImageSource(connection, image.Namespace, listed: false, cancellationToken);
        ImageNode root = await source.ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        PlatformImage.Require(root, image);
        var host = PlatformMatcher.Only(await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false));
        var parts = new List<Part>();
        var faults = new Dictionary<string, CtrBlobFault>(StringComparer.Ordinal);
        var others = new Dictionary<string, CtrBlobFault>(StringComparer.Ordinal);
        foreach (ImageNode manifest in root.Manifests.Where(one => one is { IsAttestation: false, IsWhole: false }))
        {
            var rebuilt = new HashSet<ImageNode>(ReferenceEqualityComparer.Instance);
            if (await FindPartAsync(connection, source, image, manifest, cancellationToken).ConfigureAwait(false) is { } part)
            {
                parts.Add(part);
                foreach (ImageNode layer in part.Missing.Select(i => part.Layers[i]))
                {
                    _ = rebuilt.Add(layer);
                    faults[layer.Descriptor.Digest] = BlobFaults.Missing(layer, manifest, source, MissingCause.DiscardedAfterUnpack);
                }
            }

            // What is for other machines may never have been fetched.
            if (manifest.Platform is not { } platform || host.Rank(platform) is not null)
            {
                foreach (ImageNode node in manifest.All.Where(node => !node.IsSound && !rebuilt.Contains(node)))
                {
                    others[node.Descriptor.Digest] =
                        await BlobFaults.OfAsync(node, manifest, source, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        return new ImageRebuilder(connection, image, source, root, parts, allowNewDiffIds)
        {
            Layers = [.. faults.Values],
            Others = [.. others.Values],
        };
    }

    public async Task<ICtrRebuiltImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Lease lease = await _connection.Leases.CreateAsync(Image.Namespace, cancellationToken).ConfigureAwait(false);
        try
        {
            var writer = new LayerWriter(_connection.Content, lease);
            var made = new Dictionary<string, Descriptor>(StringComparer.Ordinal);
            var tally = new Tally();
            foreach (Part part in _parts)
            {
                made[part.Manifest.Descriptor.Digest] =
                    await RebuildAsync(writer, lease, part, tally, meter, cancellationToken).ConfigureAwait(false);
            }

            Descriptor target = await RewriteAsync(writer, _root, made, tally, cancellationToken).ConfigureAwait(false);
            CtrImage image = Image.With(copy =>
            {
                copy.Digest = target.Digest;
                copy.MediaType = target.MediaType;
                copy.TargetSize = target.Size;
            });
            return new RebuiltImage(_connection, lease, Image, image, tally);
        }
        catch
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The layers of a manifest that are gone and can be made anew. Null: there are none.</summary>
    private static async Task<Part?> FindPartAsync(
        ContainerdConnection connection, ImageSource source, CtrImage image, ImageNode manifest, CancellationToken cancellationToken)
    {
        ImageNode[] layers = [.. manifest.Layers];
        int[] missing = [.. Enumerable.Range(0, layers.Length).Where(i => layers[i].StoredSize is null)];
        if (missing.Length == 0 || manifest is not { IsFileSystem: true, Config.IsSound: true })
        {
            return null;
        }

        PlatformImage platform = await PlatformImage.ReadAsync(source, image, manifest, "cannot be rebuilt", cancellationToken).ConfigureAwait(false);
        return platform.Config.DiffIds.Count == layers.Length
            && await FindSnapshotterAsync(connection, platform, missing, cancellationToken).ConfigureAwait(false) is { } snapshotter
                ? new Part(platform, layers, missing, snapshotter)
                : null;
    }

    /// <summary>The snapshotter that has what the layers were unpacked to: the namespace's own first. Null: none has.</summary>
    private static async Task<string?> FindSnapshotterAsync(
        ContainerdConnection connection, PlatformImage platform, int[] layers, CancellationToken cancellationToken)
    {
        string @namespace = platform.Image.Namespace;
        string? first = await connection.Unpacker.FindSnapshotterAsync(@namespace, null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> all = await connection.Facts.GetSnapshottersAsync(cancellationToken).ConfigureAwait(false);
        foreach (string snapshotter in all.OrderByDescending(one => one == first).ThenBy(one => one, StringComparer.Ordinal))
        {
            // What the topmost of them stands on is there, too.
            if (await connection.Snapshots.FindAsync(@namespace, snapshotter, platform.Config.ChainIds[layers[^1]], cancellationToken)
                .ConfigureAwait(false) is not null)
            {
                return snapshotter;
            }
        }

        return null;
    }

    private async Task<Descriptor> RebuildAsync(
        LayerWriter writer, Lease lease, Part part, Tally tally, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> chain = part.Platform.Config.ChainIds;
        await _connection.Leases.AddSnapshotAsync(lease, part.Snapshotter, chain[part.Missing[^1]], cancellationToken).ConfigureAwait(false);
        Descriptor[] layers = [.. part.Layers.Select(layer => layer.Descriptor)];
        string[] diffIds = [.. part.Platform.Config.DiffIds];
        await foreach ((int i, Descriptor layer, string diffId) in OrderedParallel.SelectAsync(
            part.Missing,
            Width,
            async (i, token) =>
            {
                meter.Show($"Rebuilding layer {i + 1} of {layers.Length}");
                (Descriptor layer, string diffId) = await RebuildLayerAsync(writer, part, i, meter, token).ConfigureAwait(false);
                return (i, layer, diffId);
            },
            cancellationToken).ConfigureAwait(false))
        {
            tally.Add(layer, isProven: diffId == diffIds[i]);
            (layers[i], diffIds[i]) = (layer, diffId);
        }

        foreach (int i in Enumerable.Range(0, layers.Length).Except(part.Missing))
        {
            await writer.KeepAsync(layers[i].Digest, Words, cancellationToken).ConfigureAwait(false);
        }

        Descriptor config = part.Platform.ConfigBlob;
        if (diffIds.SequenceEqual(part.Platform.Config.DiffIds))
        {
            await writer.KeepAsync(config.Digest, Words, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            Descriptor before = config;
            JsonObject document = ImageJson.Parse(part.Platform.ConfigBytes, config);
            byte[] bytes = ImageJson.Change(config, () =>
            {
                document["rootfs"]!["diff_ids"] = new JsonArray([.. diffIds.Select(id => (JsonNode)id)]);
                return ImageJson.Write(document);
            });
            config = await writer.WriteDocumentAsync(config.MediaType, bytes, NoLabels, cancellationToken).ConfigureAwait(false);
            tally.Configs.Add((before.Digest, config.Digest));
        }

        if (config == part.Platform.ConfigBlob && layers.Zip(part.Layers).All(pair => pair.First.Digest == pair.Second.Descriptor.Digest))
        {
            await writer.KeepAsync(part.Manifest.Descriptor.Digest, Words, cancellationToken).ConfigureAwait(false);
            tally.Kept[part.Manifest.Descriptor.Digest] = GarbageLabels.For(layers.Prepend(config));
            return part.Manifest.Descriptor;
        }

        return await WriteManifestAsync(writer, part, config, layers, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Descriptor> WriteManifestAsync(
        LayerWriter writer, Part part, Descriptor config, Descriptor[] layers, CancellationToken cancellationToken)
    {
        Descriptor manifest = part.Manifest.Descriptor;
        JsonObject document = ImageJson.Parse(await _source.ReadAsync(manifest, cancellationToken).ConfigureAwait(false), manifest);
        byte[] bytes = ImageJson.Change(manifest, () =>
        {
            document["config"] = ImageJson.Replace(document["config"]!.AsObject(), config);
            JsonArray old = document["layers"]!.AsArray();
            document["layers"] = new JsonArray([.. layers.Select((layer, i) => ImageJson.Replace(old[i]!.AsObject(), layer))]);
            if (manifest.MediaType == MediaTypes.OciManifest) // docker's has no annotations
            {
                JsonObject annotations = document["annotations"]?.AsObject() ?? [];
                annotations[OriginAnnotation] = manifest.Digest;
                document["annotations"] = annotations;
            }

            return ImageJson.Write(document);
        });
        return await writer.WriteDocumentAsync(
            manifest.MediaType, bytes, GarbageLabels.For(layers.Prepend(config)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the indexes above manifests that were made anew; what else they list stays listed, whether it is there or not.</summary>
    private async Task<Descriptor> RewriteAsync(
        LayerWriter writer, ImageNode node, Dictionary<string, Descriptor> made, Tally tally, CancellationToken cancellationToken)
    {
        if (made.TryGetValue(node.Descriptor.Digest, out Descriptor? done))
        {
            return done;
        }

        Descriptor target = node.Descriptor;
        if (node.Kind == ImageNodeKind.Index && node.IsSound)
        {
            var children = new List<Descriptor>();
            foreach (ImageNode child in node.Children)
            {
                children.Add(await RewriteAsync(writer, child, made, tally, cancellationToken).ConfigureAwait(false));
            }

            if (children.Zip(node.Children).Any(pair => pair.First.Digest != pair.Second.Descriptor.Digest))
            {
                target = await WriteIndexAsync(writer, node, children, tally, cancellationToken).ConfigureAwait(false);
                return made[node.Descriptor.Digest] = target;
            }
        }

        if (node.IsSound)
        {
            // Another client may keep the index without all that it lists: that is no fault of what is rebuilt.
            _ = await writer.HoldAsync(target.Digest, cancellationToken).ConfigureAwait(false);
        }

        return made[node.Descriptor.Digest] = target;
    }

    private async Task<Descriptor> WriteIndexAsync(
        LayerWriter writer, ImageNode index, List<Descriptor> children, Tally tally, CancellationToken cancellationToken)
    {
        HashSet<string> changed = [.. children.Zip(index.Children)
            .Where(pair => pair.First.Digest != pair.Second.Descriptor.Digest).Select(pair => pair.Second.Descriptor.Digest)];

        // What is said about a manifest that is another one now is wrong.
        int[] left = [.. Enumerable.Range(0, children.Count)
            .Where(i => index.Children[i].AttestedDigest is not { } about || !changed.Contains(about))];
        tally.LeavesAttestations |= left.Length < children.Count;
        JsonObject document = ImageJson.Parse(
            await _source.ReadAsync(index.Descriptor, cancellationToken).ConfigureAwait(false), index.Descriptor);
        byte[] bytes = ImageJson.Change(index.Descriptor, () =>
        {
            JsonArray old = document["manifests"]!.AsArray();
            document["manifests"] = new JsonArray([.. left.Select(i => ImageJson.Replace(old[i]!.AsObject(), children[i]))]);
            return ImageJson.Write(document);
        });
        return await writer.WriteDocumentAsync(
            index.Descriptor.MediaType, bytes, GarbageLabels.For(left.Select(i => children[i])), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes one layer.</summary>
    private async Task<(Descriptor Layer, string DiffId)> RebuildLayerAsync(
        LayerWriter writer, Part part, int place, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Descriptor old = part.Layers[place].Descriptor;
        if (!LayerForm.IsKnown(old.MediaType))
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The {Words} cannot be rebuilt from snapshots: its layer '{old.Digest}' is of the media type "
                    + $"'{ForeignText.Show(old.MediaType)}', and not a plain tar or one compressed by gzip or zstd.")
            {
                Target = Image.Name,
            };
        }

        string wanted = part.Platform.Config.DiffIds[place];
        var form = LayerForm.Of(LayerForm.CompressionOf(old.MediaType), null);
        if (await writer.FindAsync(wanted, old.MediaType, form, cancellationToken).ConfigureAwait(false) is { } earlier)
        {
            return (earlier, wanted);
        }

        // The tar is for the time of its reading only.
        Lease scratch = await _connection.Leases.CreateAsync(Image.Namespace, cancellationToken).ConfigureAwait(false);
        await using (scratch.ConfigureAwait(false))
        {
            IReadOnlyList<string> chain = part.Platform.Config.ChainIds;
            Descriptor tar = await _connection.Unpacker.PackAsync(
                scratch, part.Snapshotter, chain[place], place == 0 ? "" : chain[place - 1], isCommitted: true, Plain, cancellationToken)
                .ConfigureAwait(false);
            bool withKinds = false;
            if (tar.Digest != wanted)
            {
                withKinds = await HashWithKindsAsync(tar, wanted, meter, cancellationToken).ConfigureAwait(false) == wanted;
                if (!withKinds && !_allowNewDiffIds)
                {
                    throw Unproven(part, place, tar.Digest);
                }
            }

            return await writer.WriteAsync(old.MediaType, form, async (output, token) =>
            {
                Stream content = await OpenAsync(tar, withKinds, meter, token).ConfigureAwait(false);
                await using (content.ConfigureAwait(false))
                {
                    await content.CopyToAsync(output, 1 << 17, token).ConfigureAwait(false);
                }
            }, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> HashWithKindsAsync(Descriptor tar, string wanted, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Stream content = await OpenAsync(tar, withKinds: true, meter, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            using IncrementalHash hash = Digests.Hash(wanted);
            byte[] buffer = GC.AllocateUninitializedArray<byte>(1 << 17);
            for (int read; (read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
            }

            return Digests.Of(hash, wanted);
        }
    }

    /// <summary>What the daemon packed, proven at its end.</summary>
    private async Task<Stream> OpenAsync(Descriptor tar, bool withKinds, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.AddTotal(tar.Size);
        PlainLayer plain = await PlainLayer.OpenAsync(_source, tar, null, meter, cancellationToken).ConfigureAwait(false);
        return withKinds ? new KindBitsStream(plain) : plain;
    }

    private string Words => $"image '{Image.Name}' in namespace '{Image.Namespace}'";

    private CtrException Unproven(Part part, int place, string actual) => new(
        CtrErrorIds.LayerUnproven,
        CtrStatus.FailedPrecondition,
        $"The {Words} cannot be rebuilt from snapshots: layer {place + 1} of {part.Layers.Count}, '{part.Layers[place].Descriptor.Digest}', comes "
            + $"out with the diff id {actual}, but its config says {part.Platform.Config.DiffIds[place]}. Its builder wrote the files in another "
            + "way than containerd, BuildKit, docker and podman do, or they are not those of the image any more.")
    {
        Target = part.Layers[place].Descriptor.Digest,
        RecommendedAction = "Bring the layer back with Repair-CtrImage -From an archive, a namespace or a session that has it, or pull the image. "
            + "-AllowNewDiffId takes the files as they are: the image has another id then, and nothing proves that they are right.",
    };

    /// <summary>What an image has for a platform, of which layers are gone.</summary>
    private sealed record Part(PlatformImage Platform, IReadOnlyList<ImageNode> Layers, int[] Missing, string Snapshotter)
    {
        public ImageNode Manifest => Platform.Manifest;
    }

    /// <summary>What came of it.</summary>
    private sealed class Tally
    {
        public int Layers { get; private set; }

        public int Unproven { get; private set; }

        public long Bytes { get; private set; }

        public List<(string Before, string Now)> Configs { get; } = [];

        /// <summary>Manifests that are as they were, and the labels that have the garbage collector keep their layers.</summary>
        public Dictionary<string, IReadOnlyDictionary<string, string>> Kept { get; } = new(StringComparer.Ordinal);

        public bool LeavesAttestations { get; set; }

        public void Add(Descriptor layer, bool isProven)
        {
            Layers++;
            Unproven += isProven ? 0 : 1;
            Bytes += layer.Size;
        }
    }

    /// <inheritdoc/>
    private sealed class RebuiltImage(ContainerdConnection connection, Lease lease, CtrImage before, CtrImage image, Tally tally) : ICtrRebuiltImage
    {
        public CtrImage Image => image;

        public long BytesWritten => tally.Bytes;

        public string Words => string.Join(' ', new[]
        {
            $"{(tally.Layers == 1 ? "1 layer was" : $"{tally.Layers} layers were")} rebuilt from snapshots.",
            tally.Unproven == 0
                ? $"{(tally.Layers == 1 ? "It has" : "They have")} the diff ids of the config, so the image's id stays."
                : $"{tally.Unproven} of them {(tally.Unproven == 1 ? "has another diff id" : "have other diff ids")} than the config said: nothing "
                    + "proves that the files are those of the image, and its id is "
                    + $"{string.Join(", ", tally.Configs.Select(one => $"{one.Now} instead of {one.Before}"))}.",
            image.Digest == before.Digest ? "Its digest stays, too." : $"Its digest is {image.Digest} instead of {before.Digest}.",
            tally.LeavesAttestations ? "Attestations (provenance, SBOM) are left out: they name the digests of the image as it was." : null,
        }.OfType<string>());

        public async Task PutAsync(CancellationToken cancellationToken)
        {
            foreach ((string manifest, IReadOnlyDictionary<string, string> labels) in tally.Kept)
            {
                await connection.Content.SetLabelsAsync(before.Namespace, manifest, labels, cancellationToken).ConfigureAwait(false);
            }

            if (image.Digest != before.Digest)
            {
                if (before.Name.EndsWith('@' + before.Digest, StringComparison.Ordinal))
                {
                    throw NamedByDigest();
                }

                Descriptor target = Records.TargetOf(image);
                await connection.Images.MoveAsync(before, target, lease.Id, cancellationToken).ConfigureAwait(false);

                // Of the names that Kubernetes gives it, that by its id still fits; that by its digest is of the image as it was.
                foreach (string alias in before.Aliases.Where(alias => tally.Configs.Count == 0 && Digests.IsValid(alias)))
                {
                    await connection.Images.MoveAsync(before.With(copy => copy.Name = alias), target, lease.Id, cancellationToken)
                        .ConfigureAwait(false);
                }
            }

            lease.Complete();
        }

        public ValueTask DisposeAsync() => lease.DisposeAsync();

        private CtrException NamedByDigest() => new(
            CtrErrorIds.FailedPrecondition,
            CtrStatus.FailedPrecondition,
            $"The image '{before.Name}' in namespace '{before.Namespace}' is not repaired: what was rebuilt has the digest {image.Digest}, and the "
                + "name says another one.")
        {
            Target = before.Name,
            RecommendedAction = "Repair a name of it that has a tag; Add-CtrImageTag gives it one.",
        };
    }
}
