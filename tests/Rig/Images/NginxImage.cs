using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Images;

/// <summary>A web server as people run it on Debian: base system, nginx with PHP and certificates, site. Three layers, over 100 MiB
/// as containerd counts (manifest, config and layers as stored).</summary>
internal static class NginxImage
{
    private const string Packages = "nginx,php-fpm,certbot,python3-certbot-nginx,ca-certificates,curl";

    public static async Task<UmociImage> BuildAsync(CancellationToken cancellationToken)
    {
        var image = await UmociImage.NewAsync(cancellationToken);
        try
        {
            await AddSystemLayerAsync(image, null, "base system", cancellationToken);
            await AddSystemLayerAsync(image, Packages, "apt-get install " + Packages.Replace(',', ' '), cancellationToken);
            await File.WriteAllTextAsync(
                Path.Combine(image.Rootfs, "var", "www", "html", "index.html"), "<!doctype html><title>rig</title>it works\n", cancellationToken);
            await image.AddLayerAsync("COPY index.html /var/www/html/", cancellationToken);
            await image.ConfigureAsync(
                [
                    "--config.entrypoint", "nginx", "--config.cmd", "-g", "--config.cmd", "daemon off;",
                    "--config.exposedports", "80/tcp", "--config.stopsignal", "SIGQUIT",
                    "--config.env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "--config.env", "LANG=C.UTF-8",
                    "--config.label", "org.opencontainers.image.title=nginx", "--config.label", "tier=web",
                ],
                cancellationToken);
            return image;
        }
        catch
        {
            await image.DisposeAsync();
            throw;
        }
    }

    /// <summary>mmdebstrap's output is the same for the same packages, so the difference of two runs is a layer of the new ones only.</summary>
    private static async Task AddSystemLayerAsync(UmociImage image, string? packages, string createdBy, CancellationToken cancellationToken)
    {
        var source = DebianSource.OfThisMachine();
        var sources = Path.Combine(image.Folder, "apt.sources");
        var tar = Path.Combine(image.Folder, "system.tar");
        await File.WriteAllTextAsync(sources, source.ToStanza(source.Codename), cancellationToken);
        string[] include = packages is null ? [] : ["--include=" + packages];
        var environment = new Dictionary<string, string?> { ["SOURCE_DATE_EPOCH"] = "1700000000", ["TMPDIR"] = image.Folder };
        (await Command.RunAsync(
            Tools.Need("mmdebstrap"),
            ["--quiet", "--variant=minbase", .. include, source.Codename, tar, sources],
            environment,
            cancellationToken: cancellationToken)).Check();

        foreach (var entry in new DirectoryInfo(image.Rootfs).EnumerateFileSystemInfos())
        {
            (await Command.RunAsync("rm", ["-rf", "--one-file-system", "--", entry.FullName], cancellationToken: cancellationToken)).Check();
        }

        string[] extract = ["--numeric-owner", "-xpf", tar, "-C", image.Rootfs];
        (await Command.RunAsync("tar", extract, cancellationToken: cancellationToken)).Check();
        File.Delete(tar);
        await image.AddLayerAsync(createdBy, cancellationToken);
    }
}
