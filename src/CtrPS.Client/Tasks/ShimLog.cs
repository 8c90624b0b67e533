using CtrPS.Client.Logs;

namespace CtrPS.Client.Tasks;

/// <summary>
/// A log file in the words of containerd's shim. For a <c>file://</c> URI it opens the file once for both standard streams and closes it at the
/// end of the first: what the other still has in its pipe then is lost (cmd/containerd-shim-runc-v2/process/io.go, copyPipes), often all of a
/// short-lived process' standard error. A plain path of a file that is there it opens once for each name that it is given, to append.
/// </summary>
internal static class ShimLog
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>
    /// Two names of the file of a log URI, which is made where it is not there. Null: it names none, the shim would not read a name of it as one,
    /// or it cannot be made here. To be called on the daemon's own machine.
    /// </summary>
    public static (string Output, string Error)? TryOpen(string uri)
    {
        if (OperatingSystem.IsWindows()
            || LogStore.PathOf(uri) is not { } path
            || path.Contains('%', StringComparison.Ordinal)
            || new Uri(uri).Query.Length > 0)
        {
            return null; // the shim reads a name as a URI first
        }

        try
        {
            string folder = Path.GetDirectoryName(path) ?? "/";
            _ = Directory.CreateDirectory(folder);
            if (!File.Exists(path))
            {
                using var file = new FileStream(
                    path, new FileStreamOptions { Mode = System.IO.FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = FileMode });
            }

            return (path, $"{folder.TrimEnd('/')}/./{Path.GetFileName(path)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the shim tries it, and says what is wrong
        }
    }
}
