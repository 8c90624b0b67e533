using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig;

/// <summary>Other clients of registries that tests compare ours with.</summary>
public static class RigReaders
{
    /// <summary>The programs by name, unpacked by the rig or the machine's own. Null: not here; 'rig provision' gets what Debian has.</summary>
    public static IReadOnlyDictionary<string, string?> Paths() => DebianPackages.Readers.ToDictionary(package => package.Name, Find);

    private static string? Find(UnpackedPackage package)
    {
        var unpacked = Path.Combine(package.Folder, "usr", "bin", package.Name);
        return File.Exists(unpacked) ? unpacked : Command.Find(package.Name);
    }
}
