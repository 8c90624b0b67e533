using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>Mounts and unmounts (mount(2), umount(2)). Linux only, and for root.</summary>
internal static partial class Mounting
{
    public const int Busy = 16; // EBUSY
    public const int NotMounted = 22; // EINVAL: nothing is mounted there
    public const int NoEntry = 2; // ENOENT
    public const int NotPermitted = 1; // EPERM

    public const ulong ReadOnly = 0x1; // MS_RDONLY
    public const ulong NoSetUid = 0x2; // MS_NOSUID
    public const ulong NoDevices = 0x4; // MS_NODEV
    public const ulong NoExecute = 0x8; // MS_NOEXEC
    public const ulong Synchronous = 0x10; // MS_SYNCHRONOUS
    public const ulong Remount = 0x20; // MS_REMOUNT
    public const ulong FolderSynchronous = 0x80; // MS_DIRSYNC
    public const ulong NoAccessTime = 0x400; // MS_NOATIME
    public const ulong NoFolderAccessTime = 0x800; // MS_NODIRATIME
    public const ulong Bind = 0x1000; // MS_BIND
    public const ulong Recursive = 0x4000; // MS_REC
    public const ulong RelativeAccessTime = 0x200000; // MS_RELATIME
    public const ulong StrictAccessTime = 0x1000000; // MS_STRICTATIME

    public const ulong Slave = 0x80000; // MS_SLAVE

    private const int CloneFileSystem = 0x200; // CLONE_FS
    private const int CloneMounts = 0x20000; // CLONE_NEWNS
    private const int Detach = 2; // MNT_DETACH
    private const int NoFollow = 8; // UMOUNT_NOFOLLOW
    private const int PathOnlyFolder = 0x290000; // O_PATH | O_DIRECTORY | O_CLOEXEC

    /// <summary>Mounts.</summary>
    /// <param name="source">What.</param>
    /// <param name="target">Where: a full path.</param>
    /// <param name="type">The kind of file system.</param>
    /// <param name="flags">Flags of mount(2).</param>
    /// <param name="data">What the file system is told.</param>
    /// <param name="folder">
    /// What relative paths in <paramref name="data"/> begin at: the kernel takes no more than a page of it. Null: there are none.
    /// </param>
    /// <returns>0, or the number of the error.</returns>
    public static int Mount(string source, string target, string type, ulong flags, string data, string? folder)
    {
        if (folder is null)
        {
            return Mount(source, target, type, flags, data) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        // The working folder is the process's, unless a thread takes leave of the others; such a one must not go back to the pool.
        int error = 0;
        var thread = new Thread(() =>
            error = Unshare(CloneFileSystem) == 0 && ChangeFolder(folder) == 0 && Mount(source, target, type, flags, data) == 0
                ? 0
                : Marshal.GetLastPInvokeError());
        thread.Start();
        thread.Join();
        return error;
    }

    /// <summary>
    /// Does something on a thread that sees mounts of its own: nobody else sees what is mounted there, and the kernel takes it away with the thread,
    /// however that ends. Mounts that others end, end there too.
    /// </summary>
    /// <exception cref="Win32Exception">The kernel does not give it such mounts.</exception>
    public static T Apart<T>(Func<T> work)
    {
        T? result = default;
        ExceptionDispatchInfo? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = Unshare(CloneMounts) == 0 && Mount("none", "/", "none", Slave | Recursive, "") == 0
                    ? work()
                    : throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
            catch (Exception e)
            {
                fault = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        fault?.Throw();
        return result!;
    }

    /// <summary>Unmounts what is on top at a path.</summary>
    /// <param name="target">The path; a link is not followed.</param>
    /// <param name="detach">Take it out of the tree now, and end it when nobody uses it any more.</param>
    /// <returns>0, or the number of the error.</returns>
    public static int Unmount(string target, bool detach) =>
        Unmount(target, NoFollow | (detach ? Detach : 0)) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>What an error number means, in the system's words.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    /// <summary>A folder's path without links, as the kernel lists it. Null where there is no such folder.</summary>
    public static string? RealFolder(string path)
    {
        int descriptor = Open(path, PathOnlyFolder);
        if (descriptor < 0)
        {
            return null;
        }

        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        return new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
    }

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "chdir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeFolder(string path);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
