using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Real archives in the shapes that the tools of the field write, and of them.</summary>
internal static class Archives
{
    public static Task<string> RealAsync(string image) => RigImages.ArchiveAsync(image).OrSkipAsync();

    /// <summary>
    /// Two tags of one image and a second one above the same layer, as docker before 25 saved them: a folder for each layer, the second time a link
    /// to the first.
    /// </summary>
    public static async Task<Bundle> OldDockerAsync()
    {
        Bundle from = Bundle.Read(await RealAsync("busybox-docker"));
        JsonNode listing = from.Json("manifest.json")[0]!;
        byte[] config = from[(string)listing["Config"]!].Content;
        byte[] layer = from[(string)listing["Layers"]![0]!].Content;
        JsonNode second = JsonNode.Parse(config)!;
        second["author"] = "somebody <else> & co";
        byte[] secondConfig = Encoding.UTF8.GetBytes(second.ToJsonString());
        string one = new('1', 64);
        string two = new('2', 64);
        var to = new Bundle();
        foreach (string id in new[] { one, two })
        {
            to.Items.Add(new Bundle.Entry(id + "/", TarEntryType.Directory, "", []));
            to.Set($"{id}/VERSION", "1.0");
            to.Set($"{id}/json", """{"id":"x"}""");
            if (id == one)
            {
                to.Set($"{id}/layer.tar", layer);
            }
            else
            {
                to.Items.Add(new Bundle.Entry($"{id}/layer.tar", TarEntryType.SymbolicLink, $"../{one}/layer.tar", []));
            }
        }

        to.Set(Hex(config) + ".json", config);
        to.Set(Hex(secondConfig) + ".json", secondConfig);
        to.Set("manifest.json", $$"""
            [{"Config":"{{Hex(config)}}.json","RepoTags":["busybox:1.35","example.com:5000/team/box:1"],"Layers":["{{one}}/layer.tar"]},
             {"Config":"{{Hex(secondConfig)}}.json","RepoTags":["second:2"],"Layers":["{{two}}/layer.tar"]}]
            """);
        to.Set("repositories", "{}");
        return to;
    }

    /// <summary>The files as docker from 25 on names them, without the OCI layout that it adds.</summary>
    public static async Task<Bundle> BlobNamedDockerAsync()
    {
        Bundle from = Bundle.Read(await RealAsync("busybox-docker"));
        JsonNode listing = from.Json("manifest.json")[0]!;
        byte[] config = from[(string)listing["Config"]!].Content;
        byte[] layer = from[(string)listing["Layers"]![0]!].Content;
        var to = new Bundle();
        to.Set($"blobs/sha256/{Hex(config)}", config);
        to.Set($"blobs/sha256/{Hex(layer)}", layer);
        to.Set("manifest.json", $$"""[{"Config":"blobs/sha256/{{Hex(config)}}","RepoTags":null,"Layers":["blobs/sha256/{{Hex(layer)}}"]}]""");
        return to;
    }

    /// <summary>A docker archive whose layer is compressed, as some builders write it.</summary>
    public static async Task<Bundle> GzippedLayerDockerAsync(string program)
    {
        Bundle from = Bundle.Read(await RealAsync("busybox-docker"));
        JsonNode listing = from.Json("manifest.json")[0]!;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ctrps-");
        try
        {
            string layer = Path.Combine(folder.FullName, "layer");
            await File.WriteAllBytesAsync(layer, from[(string)listing["Layers"]![0]!].Content);
            await Tool.RunAsync(program, "-k", layer);
            string packed = Directory.GetFiles(folder.FullName).Single(path => path != layer);
            var to = new Bundle();
            string config = (string)listing["Config"]!;
            to.Set("layer.tar.z", await File.ReadAllBytesAsync(packed));
            to.Set(config, from[config].Content);
            to.Set("manifest.json", $$"""[{"Config":"{{config}}","RepoTags":["packed:1"],"Layers":["layer.tar.z"]}]""");
            return to;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
