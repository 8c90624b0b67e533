using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>Asks the kernel what a path is; .NET has no word for sockets.</summary>
internal static partial class FileKind
{
    private const int ReadOnlyNonBlocking = 0x800; // O_RDONLY | O_NONBLOCK on Linux: a FIFO does not hold us up
    private const int NoSuchDevice = 6; // ENXIO: what open(2) answers for a socket

    /// <summary>Whether the path is a socket. True where it cannot be told, as the connection is what was asked for.</summary>
    public static bool IsSocket(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        int descriptor = Open(path, ReadOnlyNonBlocking);
        if (descriptor >= 0)
        {
            new SafeFileHandle(descriptor, ownsHandle: true).Dispose();
            return false;
        }

        return Marshal.GetLastPInvokeError() is NoSuchDevice || File.Exists(path);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
