using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Containers.Users;

/// <summary>
/// The root file system that a running process sees. The kernel follows links within it (openat2(2), RESOLVE_IN_ROOT), in one step: a process that changes a link
/// meanwhile leads us to no file of this machine.
/// </summary>
/// <param name="processId">The process.</param>
internal sealed partial class LiveFiles(long processId) : IRootFiles
{
    private const long OpenAt2 = 437; // the same number on all architectures
    private const ulong NonBlockingCloseOnExec = 0x80800; // O_RDONLY | O_NONBLOCK | O_CLOEXEC: a pipe by that name does not hold us up
    private const ulong ResolveInRoot = 0x10;
    private const int PathOnlyFolder = 0x290000; // O_PATH | O_DIRECTORY | O_CLOEXEC
    private const int NoEntry = 2; // ENOENT
    private const int NotFolder = 20; // ENOTDIR

    public async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        string root = $"/proc/{processId}/root";
        int descriptor = Open(root, PathOnlyFolder);
        if (descriptor < 0)
        {
            throw Unreadable(root, Marshal.GetLastPInvokeErrorMessage());
        }

        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        var how = new OpenHow { Flags = NonBlockingCloseOnExec, Resolve = ResolveInRoot };
        nint opened = OpenBelow(OpenAt2, folder, path, ref how, (nuint)Marshal.SizeOf<OpenHow>());
        if (opened < 0)
        {
            return Marshal.GetLastPInvokeError() is NoEntry or NotFolder ? null : throw Unreadable(path, Marshal.GetLastPInvokeErrorMessage());
        }

        FileStream file = new(new SafeFileHandle(opened, ownsHandle: true), FileAccess.Read);
        await using (file.ConfigureAwait(false))
        {
            if (!file.CanSeek || file.Length > RootFiles.MaxSize)
            {
                throw Unreadable(path, $"it is not a file, or has more than {RootFiles.MaxSize} bytes");
            }

            byte[] bytes = new byte[file.Length];
            int read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return bytes[..read];
        }
    }

    private static CtrException Unreadable(string path, string reason) =>
        new(CtrErrorIds.AccessDenied, CtrStatus.PermissionDenied, $"'{path}' of the container's file system cannot be read: {reason}.")
        {
            Target = path,
            RecommendedAction = "Run PowerShell as root, or give the user as uid:gid.",
        };

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
