using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Reads docker's <c>manifest.json</c>: names of files instead of digests, which are found out here.</summary>
internal sealed class DockerListing(ArchiveFiles files)
{
    /// <summary>What docker before 1.10 wrote for an image without a name.</summary>
    private const string NoName = "<none>:<none>";

    private readonly Dictionary<ArchiveEntry, string> _hashed = [];

    /// <summary>The files of blobs, under the digests they were found to have.</summary>
    public Dictionary<string, ArchiveEntry> Blobs { get; } = new(StringComparer.Ordinal);

    /// <summary>The manifests made for the images, by digest.</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> Manifests { get; } = new(StringComparer.Ordinal);

    /// <summary>The images, in the order of the listing, one for each tag.</summary>
    public List<ArchiveImage> Images { get; } = [];

    /// <summary>One entry of the listing.</summary>
    public sealed record Item(string Config, IReadOnlyList<string> RepoTags, IReadOnlyList<string> Layers);

    /// <summary>Reads the listing itself.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ArchiveCorrupt"/>.</exception>
    public static IReadOnlyList<Item> Parse(byte[] json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
            [
                .. document.RootElement.EnumerateArray().Select(item =>
                    new Item(item.GetProperty("Config").GetString() ?? "", Texts(item, "RepoTags"), Texts(item, "Layers"))),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw ArchiveFault.Corrupt(path, $"its {ArchiveFiles.DockerFile} is not the list that docker writes: {e.Message}", e);
        }
    }

    /// <summary>Finds the digests of an image's files, and makes its manifest.</summary>
    public async Task AddAsync(Item item, CancellationToken cancellationToken)
    {
        ArchiveEntry configEntry = Find(item.Config, "config");
        if (configEntry.Size > ManifestDocument.MaxSize)
        {
            throw ArchiveFault.Limit(
                files.Path, $"the config '{item.Config}' has {configEntry.Size} bytes; more than {ManifestDocument.MaxSize} are not read.");
        }

        byte[] configBytes = await files.ReadAllAsync(configEntry, cancellationToken).ConfigureAwait(false);
        string configDigest = ClaimedDigest(item.Config, configEntry) ?? Digests.Of(configBytes);
        var config = new Descriptor { MediaType = MediaTypes.DockerConfig, Digest = configDigest, Size = configBytes.Length };
        Digests.Require(config, configBytes, $"archive '{files.Path}'");
        Blobs[config.Digest] = configEntry;
        List<string> diffIds = ReadDiffIds(configBytes, config, item.Config);

        var layers = new List<Descriptor>(item.Layers.Count);
        for (int i = 0; i < item.Layers.Count; i++)
        {
            // Of a config that lists other layers than the archive none can be told by it.
            string? diffId = diffIds.Count == item.Layers.Count ? diffIds[i] : null;
            layers.Add(await LayerAsync(item.Layers[i], diffId, cancellationToken).ConfigureAwait(false));
        }

        byte[] manifest = DockerManifest.Build(config, layers);
        var target = new Descriptor
        {
            MediaType = MediaTypes.DockerManifest,
            Digest = Digests.Of(manifest),
            Size = manifest.Length,
            Platform = ManifestDocument.ParseConfigPlatform(configBytes, config),
        };
        Manifests[target.Digest] = manifest;
        var docker = new DockerImage(config, layers, diffIds);
        List<string> tags = [.. item.RepoTags.Where(tag => tag != NoName)];
        if (tags.Count == 0)
        {
            Images.Add(new ArchiveImage { Target = target, Docker = docker });
        }

        foreach (string tag in tags)
        {
            string name = FullName(tag);
            Images.Add(new ArchiveImage
            {
                Target = target with
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

    /// <summary>
    /// An uncompressed layer is what the config says it is, a compressed one has the digest of its file; a file that is named by its digest is
    /// taken at
    /// its word. Whoever takes the bytes proves all three. The media types are containerd's, which calls zstd gzip and knows of no other.
    /// </summary>
    private async Task<Descriptor> LayerAsync(string name, string? diffId, CancellationToken cancellationToken)
    {
        ArchiveEntry entry = Find(name, "layer");
        CtrCompression compression = await files.DetectAsync(entry, cancellationToken).ConfigureAwait(false);
        string digest = ClaimedDigest(name, entry)
            ?? (compression == CtrCompression.None ? diffId : null)
            ?? await HashAsync(entry, cancellationToken).ConfigureAwait(false);
        Blobs[digest] = entry;
        string mediaType = compression is CtrCompression.Gzip or CtrCompression.Zstd ? MediaTypes.DockerLayerGzip : MediaTypes.DockerLayer;
        return new Descriptor { MediaType = mediaType, Digest = digest, Size = entry.Size };
    }

    private string? ClaimedDigest(string name, ArchiveEntry entry) =>
        ArchiveReader.DigestOfName(EntryPath.Clean(name, files.Path)) ?? ArchiveReader.DigestOfName(entry.Name);

    private async Task<string> HashAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (!_hashed.TryGetValue(entry, out string? digest))
        {
            _hashed[entry] = digest = await files.DigestAsync(entry, cancellationToken).ConfigureAwait(false);
        }

        return digest;
    }

    private ArchiveEntry Find(string name, string what) => files.Entries.TryGetValue(EntryPath.Clean(name, files.Path), out ArchiveEntry? entry)
        ? entry
        : throw (files.EndMarked
            ? ArchiveFault.Corrupt(files.Path, $"the {what} '{name}', which its {ArchiveFiles.DockerFile} names, is not in it.")
            : ArchiveFault.Truncated(
                files.Path, $"it ends without an end mark, and the {what} '{name}', which its {ArchiveFiles.DockerFile} names, is not in it."));

    private List<string> ReadDiffIds(byte[] bytes, Descriptor config, string name)
    {
        try
        {
            return [.. (RootFs.ReadDiffIds(bytes, config) ?? []).Where(Digests.IsValid)];
        }
        catch (CtrException e)
        {
            throw ArchiveFault.Corrupt(files.Path, $"its config '{name}' is not that of an image: {e.Message}", e);
        }
    }

    private string FullName(string tag)
    {
        try
        {
            var reference = CtrImageReference.Parse(tag);

            // With a tag and a digest the digest counts, as in docker and containerd (distribution/reference, ParseDockerRef).
            return reference is { Tag: not null, Digest: { } digest }
                ? $"{reference.Registry}/{reference.Repository}@{digest}"
                : reference.ToString();
        }
        catch (CtrException e)
        {
            throw ArchiveFault.Corrupt(files.Path, $"its {ArchiveFiles.DockerFile} has a name that is none: {e.Message}", e);
        }
    }

    /// <summary>What follows the repository: the tag, or the digest with its at sign.</summary>
    private static string TagOf(string name)
    {
        var reference = CtrImageReference.Parse(name);
        return reference.Digest is { } digest ? "@" + digest : reference.Tag!;
    }

    private static string[] Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(one => one.GetString() ?? "")]
            : [];
}
