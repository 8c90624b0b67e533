using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CtrPS.Benchmarks;

/// <summary>An image with bytes that no one can compress, as an OCI layout in a tar.</summary>
internal static class BenchImage
{
    public const string Name = "docker.io/library/bench:1";

    /// <summary>Writes the archive.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="bytes">Of all layers together.</param>
    /// <param name="count">How many layers.</param>
    public static async Task WriteAsync(string path, long bytes, int count = 8)
    {
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        try
        {
            var layers = new List<object>();
            var diffIds = new List<string>();
            FileStream file = File.Create(path);
            await using (file)
            {
                var archive = new TarWriter(file, TarEntryFormat.Pax);
                await using (archive)
                {
                    for (int i = 0; i < count; i++)
                    {
                        string layer = Path.Combine(folder, $"layer{i}.tar");
                        await WriteLayerAsync(layer, i, bytes / count);
                        FileStream content = File.OpenRead(layer);
                        await using (content)
                        {
                            string hex = Convert.ToHexStringLower(await SHA256.HashDataAsync(content));
                            content.Position = 0;
                            await AddAsync(archive, $"blobs/sha256/{hex}", content);
                            layers.Add(new { mediaType = "application/vnd.oci.image.layer.v1.tar", digest = $"sha256:{hex}", size = content.Length });
                            diffIds.Add($"sha256:{hex}");
                        }

                        File.Delete(layer);
                    }

                    object config = await AddJsonAsync(
                        archive,
                        "application/vnd.oci.image.config.v1+json",
                        new { architecture = "amd64", os = "linux", rootfs = new { type = "layers", diff_ids = diffIds } });
                    object manifest = await AddJsonAsync(
                        archive,
                        "application/vnd.oci.image.manifest.v1+json",
                        new { schemaVersion = 2, mediaType = "application/vnd.oci.image.manifest.v1+json", config, layers });
                    var entry = JsonSerializer.SerializeToNode(manifest)!.AsObject();
                    entry["annotations"] = new System.Text.Json.Nodes.JsonObject { ["io.containerd.image.name"] = Name };
                    await AddAsync(archive, "index.json", Utf8($$"""{"schemaVersion":2,"manifests":[{{entry.ToJsonString()}}]}"""));
                    await AddAsync(archive, "oci-layout", Utf8("""{"imageLayoutVersion":"1.0.0"}"""));
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteLayerAsync(string path, int seed, long bytes)
    {
        FileStream file = File.Create(path);
        await using (file)
        {
            var layer = new TarWriter(file, TarEntryFormat.Ustar);
            await using (layer)
            {
                string data = path + ".data";
                FileStream content = File.Create(data, 1 << 20, FileOptions.DeleteOnClose);
                await using (content)
                {
                    var random = new Random(seed);
                    byte[] buffer = new byte[1 << 20];
                    for (long left = bytes; left > 0; left -= buffer.Length)
                    {
                        random.NextBytes(buffer);
                        await content.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
                    }

                    content.Position = 0;
                    await layer.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, $"data{seed}") { DataStream = content });
                }
            }
        }
    }

    private static async Task<object> AddJsonAsync(TarWriter archive, string mediaType, object document)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document);
        string hex = Convert.ToHexStringLower(SHA256.HashData(json));
        await AddAsync(archive, $"blobs/sha256/{hex}", new MemoryStream(json));
        return new { mediaType, digest = $"sha256:{hex}", size = json.Length };
    }

    private static Task AddAsync(TarWriter archive, string name, Stream content) =>
        archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content });

    private static MemoryStream Utf8(string text) => new(Encoding.UTF8.GetBytes(text));
}
