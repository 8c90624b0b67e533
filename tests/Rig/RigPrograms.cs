using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig;

/// <summary>Programs for one rig's daemon that stand before the machine's, or in their place.</summary>
internal static class RigPrograms
{
    /// <summary>A folder with a criu that runs on its own libraries.</summary>
    public static async Task<string> WithCriuAsync(string parent, CancellationToken cancellationToken)
    {
        var package = DebianPackages.Criu;
        if (!package.IsUnpacked)
        {
            throw new RigUnavailableException($"{package} is not unpacked here; 'rig provision' does it");
        }

        var libraries = Path.Combine(package.Folder, "usr", "lib");
        var loader = Directory.GetFiles(
            libraries, "ld-linux*.so.*", SearchOption.AllDirectories).First(file => new FileInfo(file).LinkTarget is null);
        var folder = Directory.CreateDirectory(Path.Combine(parent, "criu")).FullName;
        var program = Path.Combine(folder, "criu");
        await RigScript.WriteAsync(
            program,
            $"#!/bin/sh\nexec {loader} --library-path {Path.GetDirectoryName(loader)} {Path.Combine(package.Folder, "usr", "sbin", "criu")} \"$@\"\n",
            cancellationToken);
        var check = await Command.RunAsync(program, ["check"], cancellationToken: cancellationToken);
        return check.ExitCode == 0 ? folder : throw new RigUnavailableException($"{package} does not work with this kernel: {check.Error.Trim()}");
    }

    /// <summary>A folder with runc and nothing else.</summary>
    public static string OnlyRunc(string parent)
    {
        var folder = Directory.CreateDirectory(Path.Combine(parent, "runc")).FullName;
        File.CreateSymbolicLink(Path.Combine(folder, "runc"), Tools.Need("runc"));
        return folder;
    }
}
