using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>
/// Opens files below a folder that is taken for the root of all paths: the kernel follows links within it (openat2(2), RESOLVE_IN_ROOT), in one step,
/// so that nobody who changes a link meanwhile leads us to a file outside.
/// </summary>
internal static partial class RootedFiles
{
    private const long OpenAt2 = 437; // the same number on all architectures
    private const ulong NonBlockingCloseOnExec = 0x80800; // O_RDONLY | O_NONBLOCK | O_CLOEXEC: a pipe by that name does not hold us up
    private const ulong ResolveInRoot = 0x10;
    private const int PathOnlyFolder = 0x290000; // O_PATH | O_DIRECTORY | O_CLOEXEC
    private const int NoEntry = 2; // ENOENT
    private const int NotFolder = 20; // ENOTDIR

    /// <summary>Opens a file to read.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="path">The path, as the folder's own processes would write it.</param>
    /// <returns>The file. Null where there is none.</returns>
    /// <exception cref="IOException">What the system says.</exception>
    public static SafeFileHandle? TryOpen(string root, string path)
    {
        int descriptor = Open(root, PathOnlyFolder);
        if (descriptor < 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        var how = new OpenHow { Flags = NonBlockingCloseOnExec, Resolve = ResolveInRoot };
        nint opened = OpenBelow(OpenAt2, folder, path, ref how, (nuint)Marshal.SizeOf<OpenHow>());
        return opened >= 0
            ? new SafeFileHandle(opened, ownsHandle: true)
            : Marshal.GetLastPInvokeError() is NoEntry or NotFolder ? null : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint OpenBelow(long number, SafeFileHandle folder, string path, ref OpenHow how, nuint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
