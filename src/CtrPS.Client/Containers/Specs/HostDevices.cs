using CtrPS.Client.Posix;

namespace CtrPS.Client.Containers.Specs;

/// <summary>Looks at the device files of this machine (pkg/oci/utils_unix.go).</summary>
internal static class HostDevices
{
    /// <summary>Folders below /dev that are mounts of their own, which a container has itself, or leftovers of other programs.</summary>
    private static readonly string[] Skipped = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"];

    /// <summary>All devices of the machine.</summary>
    public static IReadOnlyList<CtrSpecDevice> All() => Folder("/dev", "/dev");

    /// <summary>The device at a path, or those in a folder and below it.</summary>
    /// <param name="path">The path on this machine.</param>
    /// <param name="inside">The path in the container.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: there is no such path, or it is no device.</exception>
    public static IReadOnlyList<CtrSpecDevice> At(string path, string inside)
    {
        if (FileStatus.Of(path, follow: true) is not { } target)
        {
            throw Invalid(path, $"There is no '{path}' on the daemon's machine");
        }

        return target.IsFolder ? Folder(path, inside)
            : FileStatus.Of(path, follow: false) is { } own && Device(own, inside) is { } device ? [device]
            : throw Invalid(path, $"'{path}' is not a device, nor a folder with devices");
    }

    private static List<CtrSpecDevice> Folder(string path, string inside)
    {
        var devices = new List<CtrSpecDevice>();
        foreach (string name in FolderEntries.Of(path).Select(entry => Path.GetFileName(entry)!).Order(StringComparer.Ordinal))
        {
            string entry = Path.Join(path, name);
            if (FileStatus.Of(entry, follow: false) is not { } status)
            {
                continue; // gone meanwhile
            }

            if (status.IsFolder)
            {
                if (!Skipped.Contains(name))
                {
                    devices.AddRange(Folder(entry, Path.Join(inside, name)));
                }
            }
            else if (name != "console" && !status.IsPipe && Device(status, Path.Join(inside, name)) is { } device)
            {
                devices.Add(device);
            }
        }

        return devices;
    }

    private static CtrSpecDevice? Device(FileStatus status, string inside) =>
        status is { IsBlockDevice: false, IsCharacterDevice: false, IsPipe: false } ? null : new CtrSpecDevice
        {
            Path = inside,
            Type = status.IsBlockDevice ? "b" : status.IsCharacterDevice ? "c" : "p",
            Major = status.Major,
            Minor = status.Minor,
            FileMode = status.Permissions,
            Uid = status.Uid,
            Gid = status.Gid,
        };

    private static CtrException Invalid(string path, string what) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"{what}.")
    {
        Target = path,
    };
}
