using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>What .NET does not do with a file that we make: owners, and locks that no setting of the process switches off.</summary>
internal static partial class OwnFile
{
    private const int ExclusiveNow = 2 | 4; // LOCK_EX | LOCK_NB
    private const int AllPermissions = 0xFFF;

    /// <summary>
    /// Gives an open file the owner, the group and the permissions of the plain file at a path, links not followed. Where there is none it stays as
    /// it is.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">It may not be given away.</exception>
    public static void TakeAfter(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows() || FileStatus.Of(path, follow: false) is not { IsFile: true } old || FileStatus.Of(file) is not { } own)
        {
            return;
        }

        if ((old.Uid != own.Uid || old.Gid != own.Gid) && ChangeOwner(file, old.Uid, old.Gid) != 0)
        {
            throw new UnauthorizedAccessException($"the file that it replaces is of user {old.Uid} and group {old.Gid}, and must stay theirs: "
                + Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        }

        // After the owner, whose change takes bits away.
        File.SetUnixFileMode(file, (UnixFileMode)(old.Permissions & AllPermissions));
    }

    /// <summary>
    /// Locks an open file for as long as it is open. False where another has locked it, and where the file system cannot tell.
    /// </summary>
    public static bool TryLock(SafeFileHandle file) => OperatingSystem.IsWindows() || Lock(file, ExclusiveNow) == 0;

    /// <summary>Whether an open file is still the one at a path.</summary>
    public static bool IsAt(SafeFileHandle file, string path) => FileIdentity.Of(file) == FileStatus.Of(path, follow: false)?.Identity;

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "flock")]
    private static partial int Lock(SafeFileHandle file, int operation);
}
