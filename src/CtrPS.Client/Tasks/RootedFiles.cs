using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Tasks;

/// <summary>
/// Reads files of another root file system: links in it lead to where they lead for its own processes, never to files of this machine (openat2(2),
/// RESOLVE_IN_ROOT).
/// </summary>
internal static partial class RootedFiles
{
    private const long OpenAt2 = 437; // the same number on all architectures
    private const ulong NonBlockingCloseOnExec = 0x80800; // O_RDONLY | O_NONBLOCK | O_CLOEXEC: a pipe by that name does not hold us up
    private const ulong ResolveInRoot = 0x10;
    private const int PathOnlyFolder = 0x210000; // O_PATH | O_DIRECTORY
    private const int CloseOnExec = 0x80000;
    private const int NoEntry = 2; // ENOENT
    private const int NotFolder = 20; // ENOTDIR
    private const long MaxSize = 16 << 20;

    /// <summary>The lines of a text file. Empty where there is none.</summary>
    /// <param name="root">The root folder, such as <c>/proc/7/root</c>.</param>
    /// <param name="path">Absolute path below it.</param>
    /// <exception cref="IOException">What the system says.</exception>
    public static IReadOnlyList<string> ReadLines(string root, string path)
    {
        int descriptor = Open(root, PathOnlyFolder | CloseOnExec);
        if (descriptor < 0)
        {
            throw Fault(root);
        }

        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        var how = new OpenHow { Flags = NonBlockingCloseOnExec, Resolve = ResolveInRoot };
        nint handle = OpenBelow(OpenAt2, folder, path, ref how, (nuint)Marshal.SizeOf<OpenHow>());
        if (handle < 0)
        {
            return Marshal.GetLastPInvokeError() is NoEntry or NotFolder ? [] : throw Fault(root + path);
        }

        using var file = new FileStream(new SafeFileHandle(handle, ownsHandle: true), FileAccess.Read);
        if (!file.CanSeek || file.Length > MaxSize)
        {
            throw new IOException($"'{root}{path}' is no file of a sensible size.");
        }

        using var reader = new StreamReader(file);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }

    private static IOException Fault(string path) => new($"'{path}': {Marshal.GetLastPInvokeErrorMessage()}");

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
