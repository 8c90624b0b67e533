using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;

namespace CtrPS.Rig.Images;

/// <summary>An OCI layout in a tar (OCI image spec: image-layout.md), with the annotations that ctr takes image names from.</summary>
internal sealed class OciArchive
{
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly JsonArray _manifests = [];

    /// <param name="name">The full image name.</param>
    /// <param name="image">What the name stands for.</param>
    /// <param name="absent">Digests whose blobs are left out, as after a pull of one platform.</param>
    public void Add(string name, OciImage image, params IEnumerable<string> absent)
    {
        foreach (var blob in image.Blobs.ExceptBy(absent, blob => blob.Digest))
        {
            _blobs.TryAdd(blob.Digest, blob.Content);
        }

        var descriptor = image.Target.ToDescriptor();
        descriptor["annotations"] = new JsonObject
        {
            ["io.containerd.image.name"] = name,
            ["org.opencontainers.image.ref.name"] = name.Split(':')[^1],
        };
        _manifests.Add((JsonNode)descriptor);
    }

    public async Task WriteAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.Create(path);
        await using var writer = new TarWriter(file, TarEntryFormat.Ustar);
        await WriteFileAsync(writer, "oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray(), cancellationToken);
        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = OciImage.IndexType, ["manifests"] = _manifests };
        await WriteFileAsync(writer, "index.json", Encoding.UTF8.GetBytes(index.ToJsonString()), cancellationToken);
        foreach (var (digest, content) in _blobs)
        {
            await WriteFileAsync(writer, "blobs/" + digest.Replace(':', '/'), content, cancellationToken);
        }
    }

    private static Task WriteFileAsync(TarWriter writer, string path, byte[] content, CancellationToken cancellationToken) =>
        writer.WriteEntryAsync(
            new UstarTarEntry(TarEntryType.RegularFile, path)
            {
                ModificationTime = DateTimeOffset.UnixEpoch,
                DataStream = new MemoryStream(content),
            },
            cancellationToken);
}
