using System.ComponentModel;
using System.Runtime.InteropServices;

namespace CtrPS.Rig.Processes;

/// <summary>The few libc calls that .NET does not offer.</summary>
internal static partial class Posix
{
    public const int SignalKill = 9;
    public const int SignalTerm = 15;

    private const int NoSuchEntry = 2; // ENOENT
    private const int NoSuchProcess = 3; // ESRCH
    private const int Busy = 16; // EBUSY: a cgroup with children or processes
    private const int NotEmpty = 39; // ENOTEMPTY
    private const int UnmountDetach = 2; // MNT_DETACH
    private const int UnmountNoFollow = 8; // UMOUNT_NOFOLLOW

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);

    [LibraryImport("libcrypt.so.1", EntryPoint = "crypt", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Crypt(string phrase, string setting);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RemoveDirectory(string path);

    public static bool IsRoot => GetEffectiveUserId() == 0;

    /// <summary>Sends a signal; false when there is no such process any more.</summary>
    public static bool Signal(int pid, int signal)
    {
        if (SendSignal(pid, signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess
            ? false
            : throw new Win32Exception(error, $"cannot signal process {pid}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    public static void DetachMount(string target)
    {
        if (Unmount(target, UnmountDetach | UnmountNoFollow) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new Win32Exception(error, $"cannot unmount '{target}': {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <summary>rmdir(2): true when the folder is gone, false when something is in it. A control group's folder shows files that
    /// do not count, so .NET's own Delete cannot do this.</summary>
    public static bool RemoveEmptyDirectory(string path)
    {
        if (!Directory.Exists(path) || RemoveDirectory(path) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error switch
        {
            NoSuchEntry => true,
            Busy or NotEmpty => false,
            _ => throw new Win32Exception(error, $"cannot remove '{path}': {Marshal.GetPInvokeErrorMessage(error)}"),
        };
    }

    /// <summary>bcrypt, the only hash that docker-registry reads, from libxcrypt. Cost and salt are for tests only.</summary>
    public static string HashPassword(string password)
    {
        const string Setting = "$2y$05$abcdefghijklmnopqrstuu";
        var hash = Marshal.PtrToStringUTF8(Crypt(password, Setting));
        return hash?.StartsWith("$2y$", StringComparison.Ordinal) == true
            ? hash
            : throw new RigUnavailableException("this system's libcrypt knows no bcrypt");
    }
}
