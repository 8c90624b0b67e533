using System.Runtime.InteropServices;

namespace CtrPS.Client.Posix;

/// <summary>What the kernel says of a file; .NET has no words for devices and their numbers, owners, and extended attributes. Linux only.</summary>
/// <param name="Mode">Kind and permissions, as in stat(2).</param>
/// <param name="Uid">The owner.</param>
/// <param name="Gid">The group.</param>
/// <param name="Major">Of a device: its major number.</param>
/// <param name="Minor">Of a device: its minor number.</param>
internal readonly partial record struct FileStatus(int Mode, uint Uid, uint Gid, uint Major, uint Minor)
{
    private const int KindMask = 0xF000;
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicStatus = 0x7ff; // STATX_BASIC_STATS

    public bool IsFolder => (Mode & KindMask) == 0x4000;

    public bool IsFile => (Mode & KindMask) == 0x8000;

    public bool IsSymbolicLink => (Mode & KindMask) == 0xA000;

    public bool IsCharacterDevice => (Mode & KindMask) == 0x2000;

    public bool IsBlockDevice => (Mode & KindMask) == 0x6000;

    public bool IsPipe => (Mode & KindMask) == 0x1000;

    /// <summary>Without the kind.</summary>
    public int Permissions => Mode & ~KindMask;

    /// <summary>Asks about a path. Null where there is nothing that can be asked about.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a symbolic link stands for what it points to.</param>
    public static unsafe FileStatus? Of(string path, bool follow)
    {
        // struct statx is the same on all architectures: mode is at byte 28, uid at 20, gid at 24, the device's numbers at 128 and 132.
        byte* buffer = stackalloc byte[256];
        return Statx(CurrentFolder, path, follow ? 0 : NoFollow, BasicStatus, buffer) != 0
            ? null
            : new FileStatus(*(ushort*)(buffer + 28), *(uint*)(buffer + 20), *(uint*)(buffer + 24), *(uint*)(buffer + 128), *(uint*)(buffer + 132));
    }

    /// <summary>Whether a folder of an overlay hides what is below it in lower layers (kernel, Documentation/filesystems/overlayfs.rst).</summary>
    public static bool IsOpaque(string folder)
    {
        Span<byte> value = stackalloc byte[1];
        foreach (string name in new[] { "trusted.overlay.opaque", "user.overlay.opaque" })
        {
            if (GetAttribute(folder, name, value, value.Length) == 1 && value[0] == (byte)'y')
            {
                return true;
            }
        }

        return false;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "lgetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetAttribute(string path, string name, Span<byte> value, nint size);
}
