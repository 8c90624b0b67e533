using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Images;

/// <summary>
/// A web server as people run it on Debian: a slim base system, nginx with pictures, page. Three layers, over 100 MiB as containerd counts (manifest,
/// config and layers as stored). More than half of that are the pictures: tests unpack the image hundreds of times, and what cannot be compressed is
/// quick to unpack.
/// </summary>
internal static class NginxImage
{
    private const int Pictures = 8;
    private const int PictureSize = 8 << 20;
    private const string Packages = "nginx,ca-certificates,curl";

    public static async Task<UmociImage> BuildAsync(CancellationToken cancellationToken)
    {
        var image = await UmociImage.NewAsync(cancellationToken);
        try
        {
            Task<string> below = InstallAsync(image, "below", [], cancellationToken);
            string pictures = await WritePicturesAsync(image, cancellationToken);
            Task<string> whole = InstallAsync(image, "whole", ["--include=" + Packages, pictures], cancellationToken);
            await Task.WhenAll(below, whole);
            await AddLayerAsync(image, await below, null, "base system", cancellationToken);
            string createdBy = $"apt-get install {Packages.Replace(',', ' ')}; cp *.jpg /var/www/html";
            await AddLayerAsync(image, await whole, await below, createdBy, cancellationToken);
            await AddPageAsync(image, cancellationToken);
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

    /// <summary>
    /// A Debian system as a tar. mmdebstrap's output is the same for the same packages, so the difference of two systems is a layer of the
    /// new packages only, and the two can be made side by side. dpkg need not wait for the disk: what a crash cuts short is thrown away.
    /// </summary>
    private static async Task<string> InstallAsync(UmociImage image, string name, string[] more, CancellationToken cancellationToken)
    {
        var source = DebianSource.OfThisMachine();
        var sources = Path.Combine(image.Folder, name + ".sources");
        var tar = Path.Combine(image.Folder, name + ".tar");
        await File.WriteAllTextAsync(sources, source.ToStanza(source.Codename), cancellationToken);
        var environment = new Dictionary<string, string?> { ["SOURCE_DATE_EPOCH"] = "1700000000", ["TMPDIR"] = image.Folder };
        string[] options =
        [
            "--quiet", "--variant=essential", "--dpkgopt=force-unsafe-io",
            .. new[] { "doc", "locale", "man" }.Select(folder => $"--dpkgopt=path-exclude=/usr/share/{folder}/*"),
            .. more,
        ];
        (await Command.RunAsync(
            Tools.Need("mmdebstrap"), [.. options, source.Codename, tar, sources], environment, cancellationToken: cancellationToken)).Check();
        return tar;
    }

    private static async Task AddLayerAsync(
        UmociImage image, string system, string? below, string createdBy, CancellationToken cancellationToken)
    {
        var layer = Path.Combine(image.Folder, "layer.tar");
        await SystemTar.WriteLayerAsync(system, below, layer, cancellationToken);
        await image.AddTarAsync(layer, createdBy, cancellationToken);
    }

    /// <summary>The option that has mmdebstrap put them into the system: equal ones each time.</summary>
    private static async Task<string> WritePicturesAsync(UmociImage image, CancellationToken cancellationToken)
    {
        var random = new Random(1);
        var bytes = new byte[PictureSize];
        var paths = Enumerable.Range(1, Pictures).Select(i => Path.Combine(image.Folder, $"picture-{i}.jpg")).ToArray();
        foreach (var path in paths)
        {
            random.NextBytes(bytes);
            await File.WriteAllBytesAsync(path, bytes, cancellationToken);
        }

        return $"--customize-hook=copy-in {string.Join(' ', paths)} /var/www/html";
    }

    private static async Task AddPageAsync(UmociImage image, CancellationToken cancellationToken)
    {
        var layer = Path.Combine(image.Folder, "page.tar");
        await File.WriteAllBytesAsync(
            layer, SmallLayer.TarWithText("var/www/html/index.html", "<!doctype html><title>rig</title>it works\n"), cancellationToken);
        await image.AddTarAsync(layer, "COPY index.html /var/www/html/", cancellationToken);
    }
}
