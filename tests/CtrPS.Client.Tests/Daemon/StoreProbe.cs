using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Daemon;

/// <summary>Looks at, and damages, what a daemon keeps, by ctr and in its folder: never by our own code.</summary>
internal static class StoreProbe
{
    /// <summary>The file of a blob.</summary>
    public static string BlobPath(ContainerdRig rig, string digest) => Path.Combine(rig.Root, "io.containerd.content.v1.content", "blobs", digest.Replace(':', '/'));

    /// <summary>Whether the file of a blob is there and hashes to its name.</summary>
    public static bool IsSound(ContainerdRig rig, string digest) =>
        File.Exists(BlobPath(rig, digest)) && Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(BlobPath(rig, digest)))) == digest["sha256:".Length..];

    /// <summary>Changes one byte in the middle of a blob's file.</summary>
    public static void Flip(ContainerdRig rig, string digest)
    {
        using FileStream file = File.Open(BlobPath(rig, digest), FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        int before = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(before ^ 0x40));
    }

    /// <summary>Cuts the file of a blob to half its length.</summary>
    public static void Truncate(ContainerdRig rig, string digest)
    {
        using FileStream file = File.Open(BlobPath(rig, digest), FileMode.Open, FileAccess.ReadWrite);
        file.SetLength(file.Length / 2);
    }

    /// <summary>The digests of an image's manifest, config and layers, by ctr; of an index's first manifest.</summary>
    public static async Task<ImageParts> PartsAsync(ContainerdRig rig, string @namespace, string image)
    {
        string line = (await rig.CtrAsync("-n", @namespace, "images", "ls", $"name=={image}")).Check().Output;
        string target = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).First(word => word.StartsWith("sha256:", StringComparison.Ordinal));
        string manifest = target;
        JsonElement root = await GetAsync(manifest);
        if (root.TryGetProperty("manifests", out JsonElement manifests))
        {
            manifest = manifests[0].GetProperty("digest").GetString()!;
            root = await GetAsync(manifest);
        }

        return new ImageParts(
            target, manifest, root.GetProperty("config").GetProperty("digest").GetString()!, root.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("digest").GetString()!).ToArray());

        async Task<JsonElement> GetAsync(string digest) => JsonDocument.Parse((await rig.CtrAsync("-n", @namespace, "content", "get", digest)).Check().Output).RootElement.Clone();
    }

    /// <summary>What must be the same after a test as before: leases, ingests and snapshots of namespaces.</summary>
    public static async Task<string> LeftoversAsync(ContainerdRig rig, params string[] namespaces)
    {
        var lines = new List<string>();
        foreach (string one in namespaces)
        {
            foreach (string[] words in new[] { new[] { "leases", "ls", "-q" }, ["content", "active"], ["snapshots", "ls"] })
            {
                string output = (await rig.CtrAsync(["-n", one, .. words], CancellationToken.None)).Check().Output;
                lines.AddRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Where(line => !line.StartsWith("REF", StringComparison.Ordinal) && !line.StartsWith("KEY", StringComparison.Ordinal))
                    .Select(line => $"{one} {words[0]} {line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0]}"));
            }
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    /// <summary>Digests and labels of a namespace's blobs, as ctr lists them, without their ages.</summary>
    [SuppressMessage("Globalization", "CA1310:Specify StringComparison for correctness", Justification = "characters")]
    public static async Task<string[]> LabelsAsync(ContainerdRig rig, string @namespace) => (await rig.CtrAsync("-n", @namespace, "content", "ls")).Check().Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Skip(1)
        .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Select(words => $"{words[0]} {string.Join(',', words[^1].Split(',').Order(StringComparer.Ordinal))}")
        .Order(StringComparer.Ordinal)
        .ToArray();

    /// <summary>Bytes in the content folder.</summary>
    public static long ContentSize(ContainerdRig rig) =>
        new DirectoryInfo(Path.Combine(rig.Root, "io.containerd.content.v1.content", "blobs")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>The line of <c>ctr images check</c> about an image.</summary>
    public static async Task<string> CheckAsync(ContainerdRig rig, string @namespace, string image) =>
        (await rig.CtrAsync("-n", @namespace, "images", "check", $"name=={image}")).Output.Split('\n').Single(line => line.StartsWith(image, StringComparison.Ordinal));

    public static async Task<CtrImage> ImageAsync(ICtrConnection connection, string @namespace, string name) =>
        await connection.Images.FindAsync(@namespace, name, CtrImageDetail.None, CancellationToken.None) ?? throw new InvalidOperationException($"There is no image '{name}'.");

    public static async Task<CtrImageCheck> TestAsync(ICtrConnection connection, CtrImage image, bool deep = true)
    {
        await foreach (CtrImageCheck check in connection.Care.TestAsync([image], new CtrTestOptions { Deep = deep }, new CtrTransferMeter(), CancellationToken.None))
        {
            return check;
        }

        throw new InvalidOperationException("no check");
    }
}

/// <param name="Target">What the name points to.</param>
/// <param name="Manifest">The manifest: the same, or the first of the index.</param>
/// <param name="Config">Its config.</param>
/// <param name="Layers">Its layers, bottom first.</param>
internal sealed record ImageParts(string Target, string Manifest, string Config, string[] Layers);
