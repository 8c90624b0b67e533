using System.Runtime.InteropServices;

namespace CtrPS.Posix;

/// <summary>Asks the kernel what a path is; .NET does not tell a file from a device or a pipe.</summary>
internal static partial class RegularFile
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint TypeMask = 1; // STATX_TYPE
    private const int StatSize = 256; // sizeof(struct statx), the same on every architecture (statx(2))
    private const int ModeOffset = 28;
    private const int FormatBits = 0xF000; // S_IFMT
    private const int Regular = 0x8000; // S_IFREG

    /// <summary>Whether an existing path is a plain file. Links are followed.</summary>
    public static bool Is(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return !path.StartsWith("/dev/", StringComparison.Ordinal);
        }

        byte[] stat = new byte[StatSize];
        return Stat(CurrentFolder, path, 0, TypeMask, stat) == 0 && (MemoryMarshal.Read<ushort>(stat.AsSpan(ModeOffset)) & FormatBits) == Regular;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(int folder, string path, int flags, uint mask, [Out] byte[] stat);
}
