using System.ComponentModel;
using Containerd.Types;
using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Snapshots;

/// <summary>
/// Mounts what a snapshotter says, as containerd does (core/mount, mount_linux.go): the mounts of a snapshot are words of the daemon's machine, and
/// mean something there alone.
/// </summary>
internal static class SnapshotMounts
{
    /// <summary>How many bytes of options the kernel takes: a page. containerd leaves some room for what it does not see (mount_linux.go).</summary>
    private static readonly int MaxOptions = Environment.SystemPageSize - 512;

    /// <summary>How often a mount that somebody uses is tried again: a look at a file is over by then.</summary>
    private const int MaxTries = 10;

    private const string Upper = "upperdir";
    private const string Lower = "lowerdir";
    private const string Work = "workdir";

    private static readonly TimeSpan TryInterval = TimeSpan.FromMilliseconds(50);

    private static readonly Dictionary<string, (bool Clear, ulong Flag)> Flags = new(StringComparer.Ordinal)
    {
        ["async"] = (true, Mounting.Synchronous),
        ["atime"] = (true, Mounting.NoAccessTime),
        ["bind"] = (false, Mounting.Bind),
        ["defaults"] = (false, 0),
        ["dev"] = (true, Mounting.NoDevices),
        ["diratime"] = (true, Mounting.NoFolderAccessTime),
        ["dirsync"] = (false, Mounting.FolderSynchronous),
        ["exec"] = (true, Mounting.NoExecute),
        ["noatime"] = (false, Mounting.NoAccessTime),
        ["nodev"] = (false, Mounting.NoDevices),
        ["nodiratime"] = (false, Mounting.NoFolderAccessTime),
        ["noexec"] = (false, Mounting.NoExecute),
        ["norelatime"] = (true, Mounting.RelativeAccessTime),
        ["nostrictatime"] = (true, Mounting.StrictAccessTime),
        ["nosuid"] = (false, Mounting.NoSetUid),
        ["rbind"] = (false, Mounting.Bind | Mounting.Recursive),
        ["relatime"] = (false, Mounting.RelativeAccessTime),
        ["ro"] = (false, Mounting.ReadOnly),
        ["rw"] = (true, Mounting.ReadOnly),
        ["strictatime"] = (false, Mounting.StrictAccessTime),
        ["suid"] = (true, Mounting.NoSetUid),
        ["sync"] = (false, Mounting.Synchronous),
    };

    /// <summary>Mounts a snapshot. Where one of its mounts fails, those before it are taken back.</summary>
    /// <param name="mounts">The mounts, in their order.</param>
    /// <param name="target">Where: a folder's full path.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/>; <see cref="CtrErrorIds.MountFailed"/>.</exception>
    public static void Mount(IReadOnlyList<Mount> mounts, string target)
    {
        if (mounts.FirstOrDefault(mount => mount.Target.Length > 0 || mount.Type is not ("bind" or "overlay")
            || mount.Options.Any(option => option.StartsWith("uidmap=", StringComparison.Ordinal) || option == "loop")) is { } strange)
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The snapshotter wants a mount of type '{ForeignText.Show(strange.Type)}', and only those of overlayfs and native are known here.")
            {
                Target = target,
                RecommendedAction = "Use -Snapshotter overlayfs or native; ctr images mount has containerd's own mounts.",
            };
        }

        for (int i = 0; i < mounts.Count; i++)
        {
            if (Mount(mounts[i], target) is var error and not 0)
            {
                for (; i > 0; i--)
                {
                    _ = Mounting.Unmount(target, detach: true);
                }

                throw new CtrException(
                    CtrErrorIds.MountFailed,
                    error == Mounting.NotPermitted ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
                    $"The kernel does not mount the {mounts[i].Type} at '{target}': {Mounting.Describe(error)}.")
                {
                    Target = target,
                    RecommendedAction = "The last lines of dmesg mostly say why. In a container it takes CAP_SYS_ADMIN.",
                };
            }
        }
    }

    /// <summary>
    /// Opens the file system of a snapshot without mounting it for anybody else. It ends when it is closed: nothing is left of it, even where this
    /// process is killed.
    /// </summary>
    /// <param name="mounts">The mounts, in their order.</param>
    /// <returns>Its root, to find files in.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/>; <see cref="CtrErrorIds.MountFailed"/>.</exception>
    public static SafeFileHandle Open(IReadOnlyList<Mount> mounts)
    {
        // A folder that is there on each Linux and that no snapshot lies in: one made for it could be left over.
        const string target = "/proc";
        try
        {
            return Mounting.Apart(() =>
            {
                Mount(mounts, target);
                try
                {
                    return RootedFiles.OpenRoot(target);
                }
                finally
                {
                    // What is open stays. A thread that the runtime starts from this one would keep the mount.
                    foreach (Mount one in mounts)
                    {
                        _ = Mounting.Unmount(target, detach: true);
                    }
                }
            });
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new CtrException(
                CtrErrorIds.MountFailed, CtrStatus.PermissionDenied, $"The snapshot cannot be mounted apart from all others: {e.Message}.", e)
            {
                RecommendedAction = "In a container it takes CAP_SYS_ADMIN.",
            };
        }
    }

    /// <summary>
    /// The same to write into it. Where it is mounted to write already, that mount is used: with another the kernel would make the work folder of the
    /// overlay anew under the first.
    /// </summary>
    /// <param name="mounts">The mounts, in their order.</param>
    /// <returns>Its root, to find files in.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/>; <see cref="CtrErrorIds.MountFailed"/>.</exception>
    public static SafeFileHandle OpenToWrite(IReadOnlyList<Mount> mounts)
    {
        foreach (MountEntry entry in MountTable.Read().All.Where(one => one is { Type: "overlay", IsReadOnly: false } && IsOf(mounts, one)))
        {
            try
            {
                SafeFileHandle root = RootedFiles.OpenRoot(entry.Path);
                if (FileIdentity.Of(root)?.FileSystem == entry.FileSystem)
                {
                    return root;
                }

                root.Dispose(); // something else is mounted over it
            }
            catch (IOException)
            {
                // It ended just now, or cannot be reached.
            }
        }

        return Open(mounts);
    }

    /// <summary>
    /// A mount to read from. The kernel makes the work folder of an overlay anew when it is mounted, under a container that writes and under others
    /// that look. Of two that it compares, containerd 1.6 mounts both as they are given; later ones do as this does (core/mount/mount.go), but not
    /// with the one on the left.
    /// </summary>
    public static Mount ToRead(Mount mount)
    {
        if (Option(mount, Upper) is not { } upper)
        {
            return mount;
        }

        Mount read = mount.Clone();
        read.Options.Clear();
        read.Options.Add(mount.Options
            .Where(option => !option.StartsWith($"{Upper}=", StringComparison.Ordinal) && !option.StartsWith($"{Work}=", StringComparison.Ordinal))
            .Select(option => option.StartsWith($"{Lower}=", StringComparison.Ordinal) ? $"{Lower}={upper}:{Option(mount, Lower)}" : option));
        return read;
    }

    /// <summary>
    /// Waits until nobody else of us writes through a mount of the snapshot, and keeps others from it until it is closed. Null: two at once do no
    /// harm, as there is no work folder that the kernel would make anew under the first.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.MountFailed"/>: its folder is not there.</exception>
    public static async Task<SafeFileHandle?> TakeTurnAsync(IReadOnlyList<Mount> mounts, CancellationToken cancellationToken)
    {
        if (mounts.Select(mount => Option(mount, Upper)).FirstOrDefault(path => path is not null) is not { } upper)
        {
            return null;
        }

        SafeFileHandle folder;
        try
        {
            folder = WrittenFolder.Open(upper);
        }
        catch (Win32Exception e)
        {
            throw new CtrException(
                CtrErrorIds.MountFailed, CtrStatus.NotFound, $"The folder '{upper}' of the snapshot cannot be opened: {e.Message}.", e)
            {
                Target = upper,
                RecommendedAction = "Where it is gone, so is what was written there: remove the snapshot, and make it anew.",
            };
        }

        try
        {
            while (!OwnFile.TryLock(folder))
            {
                await Task.Delay(TryInterval, cancellationToken).ConfigureAwait(false);
            }

            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Looks whether anything could be mounted in a folder. Changes nothing.</summary>
    /// <param name="target">The folder.</param>
    /// <param name="thing">What is to be mounted, as the beginning of a sentence: "An image".</param>
    /// <returns>Its path without links, and whether there are files in it that would be hidden.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPath"/>.</exception>
    public static (string Path, bool HidesFiles) CheckTarget(string target, string thing)
    {
        string path = Mounting.RealFolder(target) ?? throw new CtrException(
            CtrErrorIds.InvalidPath,
            CtrStatus.InvalidArgument,
            File.Exists(target) ? $"'{target}' is a file. {thing} is mounted in a folder." : $"There is no folder '{target}' to mount in.")
        {
            Target = target,
            RecommendedAction = "Make an empty folder for it, for example with New-Item -ItemType Directory.",
        };
        try
        {
            return path == "/"
                ? throw new CtrException(
                    CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"{thing} is not mounted over the root of the machine's own file system.")
                {
                    Target = target,
                    RecommendedAction = "Make an empty folder for it, for example with New-Item -ItemType Directory.",
                }
                : (path, Directory.EnumerateFileSystemEntries(path).Any());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (path, false); // a folder that even root cannot list, such as another user's fuse
        }
    }

    /// <summary>Ends the mount of a snapshot at a path. Where it is not mounted there, there is nothing to do.</summary>
    /// <param name="mounts">The mounts of the snapshot.</param>
    /// <param name="path">Where.</param>
    /// <param name="thing">What it is, for messages: "image".</param>
    /// <param name="force">Take it out of the tree also where somebody uses it; the kernel ends it when nobody does any more.</param>
    /// <param name="cancellationToken">Ends the waiting for who uses it.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.MountBusy"/>; <see cref="CtrErrorIds.MountFailed"/>.</exception>
    public static async Task UnmountAsync(
        IReadOnlyList<Mount> mounts, string path, string thing, bool force, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<MountEntry> entries = MountTable.Read().At(path);
            if (!entries.Any(entry => IsOf(mounts, entry)))
            {
                return;
            }

            if (!IsOf(mounts, entries[^1]))
            {
                throw new CtrException(
                    CtrErrorIds.MountBusy,
                    CtrStatus.FailedPrecondition,
                    $"The {thing} at '{path}' is not on top: a {ForeignText.Show(entries[^1].Type)} is mounted over it.")
                {
                    Target = path,
                    RecommendedAction = $"Unmount that first, with umount '{path}'.",
                };
            }

            int error = Mounting.Unmount(path, detach: force);
            if (error is 0)
            {
                continue; // looked at once more: it may be mounted twice
            }

            if (error != Mounting.Busy)
            {
                throw new CtrException(
                    CtrErrorIds.MountFailed, CtrStatus.Unknown, $"The kernel does not unmount '{path}': {Mounting.Describe(error)}.")
                {
                    Target = path,
                };
            }

            if (attempt == MaxTries)
            {
                IReadOnlyList<string> users = ProcessesBelow.Find(path);
                throw new CtrException(
                    CtrErrorIds.MountBusy,
                    CtrStatus.FailedPrecondition,
                    users.Count > 0
                        ? $"The {thing} at '{path}' is in use, by process {string.Join(", ", users)}. It stays mounted."
                        : $"The {thing} at '{path}' is in use: something is mounted below it, or by a process that cannot be seen. It stays mounted.")
                {
                    Target = path,
                    RecommendedAction = "End what uses it, or leave the folder. -Force takes it away at once; the kernel ends it with its last user.",
                };
            }

            await Task.Delay(TryInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether something that is mounted is the snapshot with these mounts.</summary>
    public static bool IsOf(IReadOnlyList<Mount> mounts, MountEntry entry)
    {
        if (mounts is not [{ } mount])
        {
            return false;
        }

        // A source is written from the machine's root, the table's root from that of its file system.
        return mount.Type == "overlay"
            ? entry.Type == "overlay"
                && entry.Option(Upper) == Option(mount, Upper)
                && Ends(entry.Lower).SequenceEqual(Ends(Option(mount, Lower)?.Split(':') ?? []))
            : mount.Source.EndsWith(entry.Root, StringComparison.Ordinal) && entry.Root.Length > 1;

        // The paths may be relative to what is common to them.
        static IEnumerable<string> Ends(IEnumerable<string> paths) => paths.Select(path => string.Join('/', path.Split('/').TakeLast(2)));
    }

    private static string? Option(Mount mount, string name) => mount.Options
        .FirstOrDefault(option => option.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private static int Mount(Mount mount, string target)
    {
        ulong flags = 0;
        var data = new List<string>();
        foreach (string option in mount.Options)
        {
            if (Flags.TryGetValue(option, out (bool Clear, ulong Flag) known))
            {
                flags = known.Clear ? flags & ~known.Flag : flags | known.Flag;
            }
            else
            {
                data.Add(option);
            }
        }

        string? folder = null;
        if (mount.Type == "overlay" && Length(data) >= MaxOptions)
        {
            folder = Shorten(data);
        }

        int error = Mounting.Mount(mount.Source, target, mount.Type, flags, string.Join(',', data), folder);
        if (error == 0 && (flags & Mounting.Bind) != 0 && (flags & Mounting.ReadOnly) != 0)
        {
            // A bind has the flags of what is below; only a second call changes them.
            error = Mounting.Mount(mount.Source, target, mount.Type, flags | Mounting.Remount, "", null);
            if (error != 0)
            {
                _ = Mounting.Unmount(target, detach: true);
            }
        }

        return error;
    }

    private static int Length(List<string> data) => data.Sum(option => option.Length + 1);

    /// <summary>Writes the lower folders from the one that all of them are in.</summary>
    /// <returns>That folder. Null: there is none, and nothing was changed.</returns>
    private static string? Shorten(List<string> data)
    {
        int place = data.FindIndex(option => option.StartsWith("lowerdir=", StringComparison.Ordinal));
        if (place < 0)
        {
            return null;
        }

        string[] folders = data[place]["lowerdir=".Length..].Split(':');
        string common = folders.Aggregate((one, other) => one[..one.AsSpan().CommonPrefixLength(other)]);
        common = common[..(common.LastIndexOf('/') + 1)];
        if (common.Length < 2)
        {
            return null;
        }

        data[place] = "lowerdir=" + string.Join(':', folders.Select(folder => folder[common.Length..]));
        return common;
    }
}
