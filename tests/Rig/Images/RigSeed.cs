using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Images;

/// <summary>A daemon's root with images in it, as a tar in the cache: made by a daemon of the same version and its ctr.</summary>
internal static class RigSeed
{
    public static async Task UnpackAsync(GenerationStatus generation, RigOptions options, string root, CancellationToken cancellationToken)
    {
        var seed = await RigCache.GetOrMakeAsync(
            await PathOfAsync(generation, options, cancellationToken),
            (path, cancel) => MakeAsync(generation.Generation, options, path, cancel),
            cancellationToken);
        Directory.CreateDirectory(root);
        string[] extract = ["--use-compress-program=zstd", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", seed, "-C", root];
        (await Command.RunAsync("tar", extract, cancellationToken: cancellationToken)).Check();
    }

    private static async Task MakeAsync(Generation generation, RigOptions options, string path, CancellationToken cancellationToken)
    {
        var zstd = Tools.Need("zstd");
        await using var maker = await ContainerdRig.StartAsync(
            generation, new RigOptions { ParentFolder = options.ParentFolder }, cancellationToken);
        foreach (var image in options.Seed)
        {
            await RigImages.LoadAsync(maker, image, options.SeedNamespace, cancellationToken: cancellationToken);
        }

        await maker.StopAsync();

        // Not the server's own id: every rig is a server of its own.
        string[] pack =
        [
            $"--use-compress-program={zstd} -1 -T0", "--xattrs", "--xattrs-include=*", "--numeric-owner",
            "--exclude=./io.containerd.grpc.v1.introspection", "-C", maker.Root, "-cf", path, ".",
        ];
        (await Command.RunAsync("tar", pack, cancellationToken: cancellationToken)).Check();
    }

    /// <summary>Named by all that it depends on: the server's version, the namespace, the archives.</summary>
    private static async Task<string> PathOfAsync(GenerationStatus generation, RigOptions options, CancellationToken cancellationToken)
    {
        var key = new StringBuilder(options.SeedNamespace);
        foreach (var image in options.Seed)
        {
            var archive = new FileInfo(await RigImages.ArchiveAsync(image, cancellationToken));
            key.Append(CultureInfo.InvariantCulture, $" {image} {archive.Length} {archive.LastWriteTimeUtc.Ticks}");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key.ToString())))[..12];
        return Path.Combine(RigCache.Folder, "roots", $"{generation.Version}_{hash}.tar.zst");
    }
}
