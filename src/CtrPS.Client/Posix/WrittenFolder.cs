using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>
/// Makes files in open folders, by names without a slash: nothing is looked up by a path, so that no link that is there, or that somebody puts there
/// meanwhile, leads out. Linux only.
/// </summary>
internal static partial class WrittenFolder
{
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int CloseOnExec = 0x80000;
    private const int OwnerOnly = 0x180; // 0600
    private const int OwnerOnlyFolder = 0x1C0; // 0700
    private const int NoFollowLinks = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int Exists = 17; // EEXIST
    private const int NotPermitted = 1; // EPERM: a file system without hard links

    /// <summary>ENOSPC and EDQUOT.</summary>
    public static bool IsFull(int error) => error is 28 or 122;

    // The kernel numbers these two by the processor.
    private static int Folder => IsArm ? 0x4000 : 0x10000;

    private static int NoFollow => IsArm ? 0x8000 : 0x20000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    /// <summary>Opens a folder by its path, links followed: the one that the user named.</summary>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static SafeFileHandle Open(string path) => Require(Open(path, Folder | CloseOnExec));

    /// <summary>Opens a folder in a folder; a link is none.</summary>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static SafeFileHandle Open(SafeFileHandle folder, string name) => Require(OpenAt(folder, name, Folder | NoFollow | CloseOnExec, 0));

    /// <summary>Makes a folder that only its owner enters.</summary>
    /// <returns>False where something of that name is there.</returns>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static bool TryMake(SafeFileHandle folder, string name)
    {
        if (MakeAt(folder, name, OwnerOnlyFolder) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Exists ? false : throw Error();
    }

    /// <summary>Makes a file that only its owner reads.</summary>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static SafeFileHandle CreateFile(SafeFileHandle folder, string name) =>
        Require(OpenAt(folder, name, WriteOnly | Create | Exclusive | NoFollow | CloseOnExec, OwnerOnly));

    /// <summary>Makes a symbolic link.</summary>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static void CreateLink(SafeFileHandle folder, string name, string target) => Require(LinkTo(target, folder, name) == 0);

    /// <summary>Gives something its name. What is there is replaced in one step, a link itself and not what it points to.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="from">Its name so far.</param>
    /// <param name="to">The name.</param>
    /// <param name="replace">Whether something of that name may be there.</param>
    /// <returns>False where something is there that may not be replaced.</returns>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static bool TryRename(SafeFileHandle folder, string from, string to, bool replace)
    {
        if (!replace)
        {
            if (HardLink(folder, from, folder, to, 0) == 0)
            {
                Remove(folder, from);
                return true;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Exists || (error == NotPermitted && FileStatus.Of(folder, to) is not null))
            {
                return false;
            }

            if (error != NotPermitted)
            {
                throw new Win32Exception(error);
            }
        }

        Require(RenameAt(folder, from, folder, to) == 0);
        return true;
    }

    /// <summary>Removes a file or a link, where it is there.</summary>
    public static void Remove(SafeFileHandle folder, string name) => _ = Unlink(folder, name, 0);

    /// <summary>Gives an open file or folder to a user and a group.</summary>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static void SetOwner(SafeFileHandle file, uint user, uint group) => Require(ChangeOwner(file, user, group) == 0);

    /// <summary>Gives a link to a user and a group.</summary>
    /// <exception cref="Win32Exception">What the system says.</exception>
    public static void SetOwner(SafeFileHandle folder, string name, uint user, uint group) =>
        Require(ChangeOwnerAt(folder, name, user, group, NoFollowLinks) == 0);

    private static SafeFileHandle Require(int descriptor) => descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error();

    private static void Require(bool done)
    {
        if (!done)
        {
            throw Error();
        }
    }

    private static Win32Exception Error() => new(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakeAt(SafeFileHandle folder, string name, int mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int LinkTo(string target, SafeFileHandle folder, string name);

    [LibraryImport("libc", EntryPoint = "linkat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int HardLink(SafeFileHandle folder, string name, SafeFileHandle newFolder, string newName, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int RenameAt(SafeFileHandle folder, string name, SafeFileHandle newFolder, string newName);

    [LibraryImport("libc", EntryPoint = "unlinkat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Unlink(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "fchownat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwnerAt(SafeFileHandle folder, string name, uint user, uint group, int flags);
}
