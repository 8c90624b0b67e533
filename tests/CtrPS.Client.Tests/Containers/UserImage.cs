using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Archives;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Containers;

/// <summary>An image whose users stand in several layers: overwritten, deleted and hidden ones, and behind a link.</summary>
internal static class UserImage
{
    public const string Name = "docker.io/library/users:1";

    /// <summary>The layers, bottom first: path and content; a content that begins with -> is a link, a path that ends in / a folder.</summary>
    private static readonly (string Path, string Content)[][] Layers =
    [
        [
            ("etc/", ""),
            ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nold:x:900:900::/:/bin/sh\n"),
            ("etc/group", "root:x:0:\nold:x:900:old\ngone:x:77:app\n"),
            ("data/", ""),
            ("data/users", "nobody:x:1:1::/:\n"),
            ("bin/", ""),
            ("bin/app", "#!/bin/sh\n"),
        ],
        [("etc/.wh.passwd", ""), ("data/", ""), ("data/.wh..wh..opq", "")],
        [
            ("data/users",
                "root:x:0:0:root:/root:/bin/sh\n\n# people\napp:x:1000:100:The App:/home/app:/bin/sh\nother:x:1001:1001::/:\nbroken:line\n"),
            ("etc/passwd", "->../data/users"),
        ],
        [("etc/group", "root:x:0:\napp:x:500:app\nwheel:x:10:root,app\naudio:x:63:app,other\nusers:x:100:\nempty:x:12:\n")],
    ];

    /// <summary>Brings it into a namespace.</summary>
    /// <param name="rig">The daemon.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="user">The user that the config names.</param>
    /// <param name="tag">The tag.</param>
    /// <param name="more">What else stands in the config. Null: nothing.</param>
    public static async Task<string> LoadAsync(ContainerdRig rig, string @namespace, string user, string tag, JsonObject? more = null)
    {
        byte[][] layers = [.. Layers.Select(Tar)];
        var config = new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject
            {
                ["User"] = user,
                ["Env"] = new JsonArray("PATH=/bin", "A=1"),
                ["Entrypoint"] = new JsonArray("/bin/app", "-x"),
                ["Cmd"] = new JsonArray("run"),
                ["WorkingDir"] = "/data",
            },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. layers.Select(layer => JsonValue.Create("sha256:" + Hex(layer)))]),
            },
        };
        foreach ((string key, JsonNode? value) in more ?? [])
        {
            config["config"]![key] = value?.DeepClone();
        }

        byte[] configBytes = Encoding.UTF8.GetBytes(config.ToJsonString());
        var bundle = new Bundle();
        bundle.Set(Hex(configBytes) + ".json", configBytes);
        foreach (byte[] layer in layers)
        {
            bundle.Set(Hex(layer) + "/layer.tar", layer);
        }

        string name = Name.Replace(":1", ":" + tag, StringComparison.Ordinal);
        bundle.Set("manifest.json", new JsonArray(new JsonObject
        {
            ["Config"] = Hex(configBytes) + ".json",
            ["RepoTags"] = new JsonArray(name),
            ["Layers"] = new JsonArray([.. layers.Select(layer => JsonValue.Create(Hex(layer) + "/layer.tar"))]),
        }).ToJsonString());
        string path = Path.Combine(rig.Folder, $"users-{Guid.NewGuid():N}.tar");
        _ = (await rig.CtrAsync("-n", @namespace, "images", "import", bundle.Write(path))).Check();
        File.Delete(path);
        return name;
    }

    private static byte[] Tar((string Path, string Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string path, string content) in entries)
            {
                bool isLink = content.StartsWith("->", StringComparison.Ordinal);
                var entry = new UstarTarEntry(
                    path.EndsWith('/') ? TarEntryType.Directory : isLink ? TarEntryType.SymbolicLink : TarEntryType.RegularFile, path)
                {
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    Mode = (UnixFileMode)0b111_101_101,
                };
                if (isLink)
                {
                    entry.LinkName = content[2..];
                }
                else if (!path.EndsWith('/'))
                {
                    entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
                }

                writer.WriteEntry(entry);
            }
        }

        return bytes.ToArray();
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
