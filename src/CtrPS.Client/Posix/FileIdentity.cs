using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>Which file a path or an open handle is: a log that is rotated is another file under the same path. .NET does not tell.</summary>
/// <param name="Device">The file system.</param>
/// <param name="Inode">The file in it.</param>
internal readonly partial record struct FileIdentity(ulong Device, ulong Inode)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the handle itself is meant
    private const uint InodeMask = 0x100; // STATX_INO
    private const int StatSize = 256; // sizeof(struct statx), the same on every architecture (statx(2))
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;

    /// <summary>The file at a path, links followed. Null where there is none, or it cannot be told.</summary>
    public static FileIdentity? Of(string path) => OperatingSystem.IsLinux() ? Read(CurrentFolder, path, 0) : null;

    /// <summary>The file behind a handle. Null where it cannot be told.</summary>
    public static FileIdentity? Of(SafeFileHandle handle) => OperatingSystem.IsLinux() ? Read((int)handle.DangerousGetHandle(), "", EmptyPath) : null;

    private static FileIdentity? Read(int folder, string path, int flags)
    {
        byte[] stat = new byte[StatSize];
        return Stat(folder, path, flags, InodeMask, stat) == 0
            ? new FileIdentity(MemoryMarshal.Read<ulong>(stat.AsSpan(DeviceOffset)), MemoryMarshal.Read<ulong>(stat.AsSpan(InodeOffset)))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(int folder, string path, int flags, uint mask, [Out] byte[] stat);
}
