using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Images;

/// <summary>A root file system of one static program under all its names.</summary>
internal static class BusyboxRootfs
{
    public static async Task FillAsync(string folder, CancellationToken cancellationToken)
    {
        var package = DebianPackages.Busybox;
        if (!package.IsUnpacked)
        {
            throw new RigUnavailableException($"{package} is not unpacked here; 'rig provision' does it");
        }

        var busybox = Directory.EnumerateFiles(package.Folder, "busybox", SearchOption.AllDirectories)
            .First(file => Path.GetFileName(Path.GetDirectoryName(file)) == "bin");
        var bin = Directory.CreateDirectory(Path.Combine(folder, "bin")).FullName;
        var target = Path.Combine(bin, "busybox");
        File.Copy(busybox, target, overwrite: true);
        var names = (await Command.RunAsync(target, ["--list"], cancellationToken: cancellationToken)).Check().Output;
        foreach (var name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Except(["busybox"]))
        {
            File.CreateSymbolicLink(Path.Combine(bin, name), "busybox");
        }

        foreach (var empty in new[] { "dev", "etc", "proc", "root", "sys", "tmp", "var" })
        {
            Directory.CreateDirectory(Path.Combine(folder, empty));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "etc", "passwd"), "root:x:0:0:root:/root:/bin/sh\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "etc", "group"), "root:x:0:\n", cancellationToken);
    }

    /// <summary>The same as a layer in memory.</summary>
    public static async Task<SmallLayer> ToLayerAsync(CancellationToken cancellationToken)
    {
        await using var work = await RigFolder.CreateAsync();
        var rootfs = Directory.CreateDirectory(Path.Combine(work.Path, "rootfs")).FullName;
        var tar = Path.Combine(work.Path, "layer.tar");
        await FillAsync(rootfs, cancellationToken);
        string[] arguments = ["--sort=name", "--mtime=@0", "--numeric-owner", "-C", rootfs, "-cf", tar, "."];
        (await Command.RunAsync("tar", arguments, cancellationToken: cancellationToken)).Check();
        return SmallLayer.OfTar(await File.ReadAllBytesAsync(tar, cancellationToken));
    }
}
