using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Containers.Users;

/// <summary>The root file system that a running process sees. Links in it lead to no file of this machine.</summary>
/// <param name="processId">The process.</param>
internal sealed class LiveFiles(long processId) : IRootFiles
{
    public async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (Open(path) is not { } handle)
        {
            return null;
        }

        FileStream file = new(handle, FileAccess.Read);
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

    private SafeFileHandle? Open(string path)
    {
        try
        {
            return RootedFiles.TryOpen($"/proc/{processId}/root", path);
        }
        catch (IOException e)
        {
            throw Unreadable(path, e.Message);
        }
    }

    private static CtrException Unreadable(string path, string reason) =>
        new(CtrErrorIds.AccessDenied, CtrStatus.PermissionDenied, $"'{path}' of the container's file system cannot be read: {reason}.")
        {
            Target = path,
            RecommendedAction = "Run PowerShell as root, or give the user as uid:gid.",
        };
}
