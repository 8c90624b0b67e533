using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Reads docker's <c>manifest.json</c>: names of files instead of digests, which are found out here.</summary>
internal sealed class DockerListing(ArchiveFiles files)
{
    private readonly Dictionary<(ArchiveEntry File, string? Claimed), Config> _configs = [];
    private readonly Dictionary<ArchiveEntry, string> _diffIds = [];
    private readonly HashSet<ArchiveEntry> _unknown = [];
    private readonly List<(DockerItem Item, Config Config, Layer[] Layers)> _found = [];
    private long _described;

    /// <summary>The files of blobs, under the digests they were found to have.</summary>
    public Dictionary<string, ArchiveEntry> Blobs { get; } = new(StringComparer.Ordinal);

    /// <summary>The manifests made for the images, by digest.</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> Manifests { get; } = new(StringComparer.Ordinal);

    /// <summary>The images, in the order of the listing, one for each tag.</summary>
    public List<ArchiveImage> Images { get; } = [];

    /// <summary>
    /// Finds the digests of the images' files, and makes their manifests. Whatever the listing says, a file is read and hashed once.
    /// </summary>
    public async Task ReadAsync(IReadOnlyList<DockerItem> items, CancellationToken cancellationToken)
    {
        foreach (DockerItem item in items)
        {
            await FindFilesAsync(item, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyDictionary<ArchiveEntry, string> hashed = await files.DigestsAsync(_unknown, cancellationToken).ConfigureAwait(false);
        foreach ((DockerItem item, Config config, Layer[] layers) in _found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Add(item, config, [.. layers.Select(layer => Describe(layer, hashed))]);
        }
    }

    private async Task FindFilesAsync(DockerItem item, CancellationToken cancellationToken)
    {
        Config config = await ReadConfigAsync(item.Config, cancellationToken).ConfigureAwait(false);
        var layers = new Layer[item.Layers.Count];
        for (int i = 0; i < layers.Length; i++)
        {
            // Of a config that lists other layers than the archive none can be told by it.
            string? diffId = config.DiffIds.Count == layers.Length ? config.DiffIds[i] : null;
            layers[i] = await FindLayerAsync(item.Layers[i], diffId, cancellationToken).ConfigureAwait(false);
        }

        _found.Add((item, config, layers));
    }

    private async ValueTask<Config> ReadConfigAsync(string name, CancellationToken cancellationToken)
    {
        ArchiveEntry entry = Find(name, "config");
        string? claimed = ClaimedDigest(name, entry);
        if (_configs.TryGetValue((entry, claimed), out Config? known))
        {
            return known;
        }

        if (entry.Size > ManifestDocument.MaxSize)
        {
            throw ArchiveFault.Limit(
                files.Path, $"the config '{ForeignText.Show(name)}' has {entry.Size} bytes; more than {ManifestDocument.MaxSize} are not read.");
        }

        byte[] bytes = await files.ReadAllAsync(entry, cancellationToken).ConfigureAwait(false);
        var descriptor = new Descriptor { MediaType = MediaTypes.DockerConfig, Digest = claimed ?? Digests.Of(bytes), Size = bytes.Length };
        if (claimed is not null)
        {
            Digests.Require(descriptor, bytes, $"archive '{files.Path}'");
        }

        Blobs[descriptor.Digest] = entry;
        List<string> diffIds = ReadDiffIds(bytes, descriptor, name);
        CountDescribed(name, diffIds.Count);
        return _configs[(entry, claimed)] = new Config(descriptor, diffIds, ImageConfigDocument.ParseSummary(bytes, descriptor).Platform);
    }

    private void CountDescribed(string name, int count)
    {
        if (count > files.Limits.Layers)
        {
            throw ArchiveFault.Limit(
                files.Path,
                $"its config '{ForeignText.Show(name)}' describes {count} layers; containerd cannot mount more than {files.Limits.Layers}, "
                    + "the limit of the kernel's overlay file system.");
        }

        _described += count;
        if (_described > files.Limits.LayersOfAll)
        {
            throw ArchiveFault.Limit(
                files.Path,
                $"its configs describe {_described} layers up to '{ForeignText.Show(name)}'; more than {files.Limits.LayersOfAll} are not read.");
        }
    }

    /// <summary>
    /// An uncompressed layer is what the config says it is, a compressed one has the digest of its file; a file that is named by its digest is
    /// taken at its word. Whoever takes the bytes proves all three. Where two configs say different things of one file, its bytes tell.
    /// </summary>
    private async ValueTask<Layer> FindLayerAsync(string name, string? diffId, CancellationToken cancellationToken)
    {
        ArchiveEntry entry = Find(name, "layer");
        CtrCompression compression = await files.DetectAsync(entry, cancellationToken).ConfigureAwait(false);
        string? digest = ClaimedDigest(name, entry);
        if (digest is null && compression == CtrCompression.None && diffId is not null)
        {
            digest = _diffIds.TryAdd(entry, diffId) || _diffIds[entry] == diffId ? diffId : null;
        }

        if (digest is null)
        {
            _ = _unknown.Add(entry);
        }

        return new Layer(entry, digest);
    }

    /// <summary>The media types are containerd's, which calls zstd gzip and knows of no other.</summary>
    private Descriptor Describe(Layer layer, IReadOnlyDictionary<ArchiveEntry, string> hashed)
    {
        string digest = layer.Digest ?? hashed[layer.File];
        Blobs[digest] = layer.File;
        bool packed = layer.File.Compression is CtrCompression.Gzip or CtrCompression.Zstd;
        return new Descriptor { MediaType = packed ? MediaTypes.DockerLayerGzip : MediaTypes.DockerLayer, Digest = digest, Size = layer.File.Size };
    }

    private void Add(DockerItem item, Config config, IReadOnlyList<Descriptor> layers)
    {
        byte[] manifest = DockerManifest.Build(config.Descriptor, layers);
        var target = new Descriptor
        {
            MediaType = MediaTypes.DockerManifest,
            Digest = Digests.Of(manifest),
            Size = manifest.Length,
            Platform = config.Platform,
        };
        Manifests[target.Digest] = manifest;
        var docker = new DockerImage(config.Descriptor, layers, config.DiffIds);
        if (item.Tags.Count == 0)
        {
            Images.Add(new ArchiveImage { Target = target, Docker = docker });
        }

        foreach (string tag in item.Tags)
        {
            string? name = FullName(tag);
            Images.Add(new ArchiveImage
            {
                Target = name is null ? target : target with
                {
                    Annotations = new Dictionary<string, string>
                    {
                        [ArchiveReader.ImageNameKey] = name,
                        [ArchiveReader.ReferenceNameKey] = TagOf(name),
                    },
                },
                ImageName = name,
                ReferenceName = tag,
                Docker = docker,
            });
        }
    }

    private string? ClaimedDigest(string name, ArchiveEntry entry) =>
        ArchiveReader.DigestOfName(EntryPath.Clean(name, files.Path)) ?? ArchiveReader.DigestOfName(entry.Name);

    private ArchiveEntry Find(string name, string what) => files.Entries.TryGetValue(EntryPath.Clean(name, files.Path), out ArchiveEntry? entry)
        ? entry
        : throw (files.EndMarked
            ? ArchiveFault.Corrupt(files.Path, $"the {what} '{ForeignText.Show(name)}', which its {ArchiveFiles.DockerFile} names, is not in it.")
            : ArchiveFault.Truncated(
                files.Path,
                $"it ends without an end mark, and the {what} '{ForeignText.Show(name)}', which its {ArchiveFiles.DockerFile} names, is not in it."));

    private List<string> ReadDiffIds(byte[] bytes, Descriptor config, string name)
    {
        try
        {
            return [.. (RootFs.ReadDiffIds(bytes, config) ?? []).Where(Digests.IsValid)];
        }
        catch (CtrException e)
        {
            throw ArchiveFault.Corrupt(files.Path, $"its config '{ForeignText.Show(name)}' is not that of an image: {e.Message}", e);
        }
    }

    /// <summary>
    /// The name by docker's rules; with a tag and a digest the digest counts, as in docker and containerd (distribution/reference, ParseDockerRef).
    /// Null for what is no reference: it is listed as it stands.
    /// </summary>
    private static string? FullName(string tag) => !CtrImageReference.TryParse(tag, out CtrImageReference? reference) ? null
        : reference is { Tag: not null, Digest: { } digest } ? $"{reference.Registry}/{reference.Repository}@{digest}"
        : reference.ToString();

    /// <summary>What follows the repository: the tag, or the digest with its at sign.</summary>
    private static string TagOf(string name)
    {
        var reference = CtrImageReference.Parse(name);
        return reference.Digest is { } digest ? "@" + digest : reference.Tag!;
    }

    /// <summary>What was read of a config.</summary>
    private sealed record Config(Descriptor Descriptor, List<string> DiffIds, CtrPlatform? Platform);

    /// <summary>A layer of an image.</summary>
    /// <param name="File">Its file.</param>
    /// <param name="Digest">Its digest. Null where the bytes have to tell it.</param>
    private readonly record struct Layer(ArchiveEntry File, string? Digest);
}
