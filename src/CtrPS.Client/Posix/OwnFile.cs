using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>
/// What .NET does not do with a file that we make: owners, locks that no setting of the process switches off, and names that nobody has yet.
/// </summary>
internal static partial class OwnFile
{
    private const int ExclusiveNow = 2 | 4; // LOCK_EX | LOCK_NB
    private const int AllPermissions = 0xFFF;

    /// <summary>The user that files which we make are of (geteuid(2)). Not on Windows.</summary>
    public static uint User => EffectiveUser();

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

    /// <summary>
    /// Gives a file another name in its folder. .NET's own Move looks whether the name is free, and renames then: of two at once both succeed, and
    /// one file is lost.
    /// </summary>
    /// <returns>False where something is there that may not be replaced.</returns>
    /// <exception cref="IOException">What the system says.</exception>
    public static bool TryMove(string from, string to, bool replace)
    {
        try
        {
            if (replace || !OperatingSystem.IsLinux())
            {
                File.Move(from, to, overwrite: replace);
                return true;
            }

            using SafeFileHandle folder = WrittenFolder.Open(Path.GetDirectoryName(to)!);
            return WrittenFolder.TryRename(folder, Path.GetFileName(from), Path.GetFileName(to), replace: false);
        }
        catch (IOException) when (!replace && File.Exists(to))
        {
            return false;
        }
        catch (Win32Exception e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Whether an open file is still the one at a path.</summary>
    public static bool IsAt(SafeFileHandle file, string path) => FileIdentity.Of(file) == FileStatus.Of(path, follow: false)?.Identity;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "flock")]
    private static partial int Lock(SafeFileHandle file, int operation);
}
