using System.Runtime.InteropServices;
using System.Text;
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
    private const ulong PathOnly = 0x280000; // O_PATH | O_CLOEXEC
    private const ulong ResolveInRoot = 0x10;
    private const ulong ResolveBelowWithoutLinks = 0x0C; // RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
    private const int NoEntry = 2; // ENOENT
    private const int TryAgain = 11; // EAGAIN: something was renamed or mounted on the way while the kernel looked
    private const int NotFolder = 20; // ENOTDIR
    private const int LongestLink = 4096; // PATH_MAX

    /// <summary>Each time somebody has to rename something at the very moment.</summary>
    private const int MostTries = 1000;

    // The kernel numbers these two by the processor.
    private static ulong Folder => IsArm ? 0x4000UL : 0x10000UL;

    private static ulong NoFollow => IsArm ? 0x8000UL : 0x20000UL;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    /// <summary>Opens a file to read.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="path">The path, as the folder's own processes would write it.</param>
    /// <returns>The file. Null where there is none.</returns>
    /// <exception cref="IOException">What the system says.</exception>
    public static SafeFileHandle? TryOpen(string root, string path)
    {
        using SafeFileHandle folder = OpenRoot(root);
        return Open(folder, path, NonBlockingCloseOnExec, ResolveInRoot);
    }

    /// <summary>Opens a folder of this machine, to find files in it.</summary>
    /// <exception cref="IOException">What the system says.</exception>
    public static SafeFileHandle OpenRoot(string path)
    {
        int descriptor = Open(path, (int)(PathOnly | Folder));
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error(Marshal.GetLastPInvokeError());
    }

    /// <summary>Opens what stands at a path, whatever it is, to ask about it and to find files in it: nothing happens to it.</summary>
    /// <param name="root">What all paths begin at.</param>
    /// <param name="path">The path; links on the way are followed.</param>
    /// <param name="follow">Whether a link at its end is followed too.</param>
    /// <returns>Null where there is nothing.</returns>
    /// <exception cref="IOException">What the system says.</exception>
    public static SafeFileHandle? TryFind(SafeFileHandle root, string path, bool follow) =>
        Open(root, path, PathOnly | (follow ? 0 : NoFollow), ResolveInRoot);

    /// <summary>The same without following any link.</summary>
    /// <returns>Null where there is nothing.</returns>
    /// <exception cref="IOException">What the system says.</exception>
    public static SafeFileHandle? TryFindBelow(SafeFileHandle folder, string path) =>
        Open(folder, path, PathOnly | NoFollow, ResolveBelowWithoutLinks);

    /// <summary>Opens the content of a file that was found. It must be known to be a plain one: to open a device does something to it.</summary>
    /// <exception cref="IOException">What the system says.</exception>
    public static SafeFileHandle OpenContent(SafeFileHandle found)
    {
        int descriptor = Open(PathOf(found), (int)NonBlockingCloseOnExec);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error(Marshal.GetLastPInvokeError());
    }

    /// <summary>A path to what is open, for as long as it is.</summary>
    public static string PathOf(SafeFileHandle open) => $"/proc/self/fd/{open.DangerousGetHandle()}";

    /// <summary>Where a link in an open folder points to.</summary>
    /// <exception cref="IOException">What the system says: it is no link any more.</exception>
    public static string ReadLink(SafeFileHandle folder, string name)
    {
        byte[] target = new byte[LongestLink];
        nint length = ReadLinkAt(folder, name, target, target.Length);
        return length >= 0 ? Encoding.UTF8.GetString(target, 0, (int)length) : throw Error(Marshal.GetLastPInvokeError());
    }

    private static SafeFileHandle? Open(SafeFileHandle folder, string path, ulong flags, ulong resolve)
    {
        var how = new OpenHow { Flags = flags, Resolve = resolve };
        for (int tries = 0; ; tries++)
        {
            nint opened = OpenBelow(OpenAt2, folder, path, ref how, (nuint)Marshal.SizeOf<OpenHow>());
            if (opened >= 0)
            {
                return new SafeFileHandle(opened, ownsHandle: true);
            }

            int error = Marshal.GetLastPInvokeError();
            if (error is NoEntry or NotFolder)
            {
                return null;
            }

            if (error != TryAgain || tries == MostTries)
            {
                throw Error(error);
            }
        }
    }

    private static IOException Error(int number) => new(Marshal.GetPInvokeErrorMessage(number), number);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "readlinkat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint ReadLinkAt(SafeFileHandle folder, string name, [Out] byte[] target, nint size);

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
