using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>
/// What the kernel says of a file (statx(2)); .NET has no words for devices and their numbers, sockets, owners, inodes and extended attributes. Linux
/// only.
/// </summary>
/// <param name="Mode">Kind and permissions, as in stat(2).</param>
/// <param name="Uid">The owner.</param>
/// <param name="Gid">The group.</param>
/// <param name="Major">Of a device: its major number.</param>
/// <param name="Minor">Of a device: its minor number.</param>
/// <param name="Identity">Which file it is.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Allocated">Bytes that it takes on the disk, in whole blocks.</param>
/// <param name="Links">How many names it has.</param>
/// <param name="ModifiedAt">When its content was changed last.</param>
internal readonly partial record struct FileStatus(
    int Mode, uint Uid, uint Gid, uint Major, uint Minor, FileIdentity Identity, long Size, long Allocated, uint Links, DateTimeOffset ModifiedAt)
{
    private const int KindMask = 0xF000;
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the handle itself is meant
    private const uint BasicStatus = 0x7ff; // STATX_BASIC_STATS

    // struct statx is the same on all architectures.
    private const int StatusSize = 256;
    private const int BlockSize = 512; // of statx, whatever the file system's is
    private const int LinksOffset = 16;
    private const int UidOffset = 20;
    private const int GidOffset = 24;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int SizeOffset = 40;
    private const int BlocksOffset = 48;
    private const int ModifiedOffset = 112;
    private const int ModifiedNanosecondsOffset = 120;
    private const int MajorOffset = 128;
    private const int MinorOffset = 132;
    private const int FileSystemOffset = 136;

    public bool IsFolder => (Mode & KindMask) == 0x4000;

    public bool IsFile => (Mode & KindMask) == 0x8000;

    public bool IsSymbolicLink => (Mode & KindMask) == 0xA000;

    public bool IsSocket => (Mode & KindMask) == 0xC000;

    public bool IsCharacterDevice => (Mode & KindMask) == 0x2000;

    /// <summary>Of an overlay's layer: what lower ones have there is deleted (kernel, Documentation/filesystems/overlayfs.rst).</summary>
    public bool IsWhiteout => IsCharacterDevice && Major == 0 && Minor == 0;

    public bool IsBlockDevice => (Mode & KindMask) == 0x6000;

    public bool IsPipe => (Mode & KindMask) == 0x1000;

    /// <summary>Without the kind.</summary>
    public int Permissions => Mode & ~KindMask;

    /// <summary>Asks about a path. Null where there is nothing that can be asked about, and on other systems than Linux.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a symbolic link stands for what it points to.</param>
    public static FileStatus? Of(string path, bool follow) => Read(CurrentFolder, path, follow ? 0 : NoFollow);

    /// <summary>Asks about an open file. Null where it cannot be told.</summary>
    public static FileStatus? Of(SafeFileHandle handle) => Read((int)handle.DangerousGetHandle(), "", EmptyPath);

    /// <summary>Asks about a name in an open folder, links not followed. Null where there is nothing, or it cannot be told.</summary>
    public static FileStatus? Of(SafeFileHandle folder, string name) => Read((int)folder.DangerousGetHandle(), name, NoFollow);

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

    /// <summary>Whether an open folder is of the kernel's own (proc, sysfs, cgroups): what is in it lies on no disk, and has no end.</summary>
    public static bool IsOfKernel(SafeFileHandle folder)
    {
        Span<byte> status = stackalloc byte[StatusSize];
        return StatFileSystem(folder, status) == 0
            && MemoryMarshal.Read<uint>(status) is 0x9FA0 or 0x62656572 or 0x27E0EB or 0x63677270; // statfs(2), f_type
    }

    private static FileStatus? Read(int folder, string path, int flags)
    {
        Span<byte> status = stackalloc byte[StatusSize];
        if (!OperatingSystem.IsLinux() || Statx(folder, path, flags, BasicStatus, status) != 0)
        {
            return null;
        }

        return new FileStatus(
            MemoryMarshal.Read<ushort>(status[ModeOffset..]),
            MemoryMarshal.Read<uint>(status[UidOffset..]),
            MemoryMarshal.Read<uint>(status[GidOffset..]),
            MemoryMarshal.Read<uint>(status[MajorOffset..]),
            MemoryMarshal.Read<uint>(status[MinorOffset..]),
            new FileIdentity(MemoryMarshal.Read<ulong>(status[FileSystemOffset..]), MemoryMarshal.Read<ulong>(status[InodeOffset..])),
            MemoryMarshal.Read<long>(status[SizeOffset..]),
            BlockSize * MemoryMarshal.Read<long>(status[BlocksOffset..]),
            MemoryMarshal.Read<uint>(status[LinksOffset..]),
            TimeOf(MemoryMarshal.Read<long>(status[ModifiedOffset..]), MemoryMarshal.Read<uint>(status[ModifiedNanosecondsOffset..])));
    }

    /// <summary>Files may have times that .NET has no words for: the nearest one.</summary>
    private static DateTimeOffset TimeOf(long seconds, uint nanoseconds) => DateTimeOffset
        .FromUnixTimeSeconds(Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1))
        .AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "fstatfs")]
    private static partial int StatFileSystem(SafeFileHandle folder, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "lgetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetAttribute(string path, string name, Span<byte> value, nint size);
}
