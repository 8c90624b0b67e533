using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>Named pipes of Linux (fifo(7)), which .NET has no way to make. Never opened so that a missing other end could hold us up.</summary>
internal static partial class Fifo
{
    // Linux, all architectures that .NET runs on.
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int NoReader = 6; // ENXIO: nobody has the other end open
    private const uint OwnerOnly = 0x1C0; // 0700, as containerd's own (pkg/cio, io_unix.go)

    /// <summary>Makes a pipe that only its owner can open.</summary>
    /// <exception cref="IOException">What the system says.</exception>
    public static void Make(string path)
    {
        if (MakeFifo(path, OwnerOnly) != 0)
        {
            throw Fault(path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Opens the end that reads. A writer need not be there yet: until one comes, a read finds the end of the stream.</summary>
    public static Stream OpenToRead(string path)
    {
        int descriptor = Open(path, ReadOnly | NonBlocking | CloseOnExec);
        return descriptor < 0 ? throw Fault(path, Marshal.GetLastPInvokeError()) : new AnonymousPipeClientStream(PipeDirection.In, Own(descriptor));
    }

    /// <summary>Opens the end that writes. Null while nobody has the other end open.</summary>
    public static Stream? TryOpenToWrite(string path)
    {
        int descriptor = Open(path, WriteOnly | NonBlocking | CloseOnExec);
        if (descriptor >= 0)
        {
            return new AnonymousPipeClientStream(PipeDirection.Out, Own(descriptor));
        }

        int error = Marshal.GetLastPInvokeError();
        return error == NoReader ? null : throw Fault(path, error);
    }

    /// <summary>Whether the path is a pipe.</summary>
    public static bool IsFifo(string path) => FileStatus.Of(path, follow: true) is { IsPipe: true };

    // Not by the marshaller: it would take the 32 bits of a failed open(2) for a handle.
    private static SafePipeHandle Own(int descriptor) => new(descriptor, ownsHandle: true);

    private static IOException Fault(string path, int error) => new($"'{path}': {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
