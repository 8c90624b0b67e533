using System.Security.Cryptography;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Tasks;

/// <summary>
/// The standard streams of a process as named pipes, with our ends of them. The shim opens its ends while a task is created (of an added process:
/// while it is started) and does not go on before each output has a reader.
/// </summary>
internal sealed class ProcessPipes : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Where containerd's own clients make theirs (defaults/defaults_unix.go).</summary>
    private const string DefaultParent = "/run/containerd/fifo";

    private const string FolderPrefix = "ctrps-";

    private readonly string? _folder;

    private ProcessPipes(string input, string output, string error, string? folder)
    {
        InputPath = input;
        OutputPath = output;
        ErrorPath = error;
        _folder = folder;
    }

    /// <summary>Whether disposing leaves them where they are.</summary>
    public bool Keep { get; set; }

    /// <summary>Path of the standard input. Empty: none.</summary>
    public string InputPath { get; }

    /// <summary>Path of the standard output. Empty: none.</summary>
    public string OutputPath { get; }

    /// <summary>Path of the standard error. Empty: none, as with a terminal.</summary>
    public string ErrorPath { get; }

    /// <summary>What the process writes to its standard output. Null: it has none.</summary>
    public Stream? Output { get; private set; }

    /// <summary>What the process writes to its standard error. Null: it has none.</summary>
    public Stream? Error { get; private set; }

    /// <summary>Makes pipes in a new private folder and opens the ends that read.</summary>
    /// <param name="parent">The folder to make the folder in; null: containerd's.</param>
    /// <param name="name">Begins the names of the pipes.</param>
    /// <param name="io">Which pipes.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AccessDenied"/>, <see cref="CtrErrorIds.WriteFailed"/>.</exception>
    public static async Task<ProcessPipes> MakeAsync(string? parent, string name, CtrProcessIo io)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("The pipes of processes are Linux's.");
        }

        parent ??= DefaultParent;
        string folder = Path.Combine(parent, $"{FolderPrefix}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
        string Named(string stream) => Path.Combine(folder, $"{name}-{stream}");
        var pipes = new ProcessPipes(io.Input ? Named("stdin") : "", Named("stdout"), io.Terminal ? "" : Named("stderr"), folder);
        try
        {
            _ = Directory.CreateDirectory(parent, OwnerOnly);
            _ = Directory.CreateDirectory(folder, OwnerOnly);
            foreach (string path in new[] { pipes.InputPath, pipes.OutputPath, pipes.ErrorPath }.Where(path => path.Length > 0))
            {
                Fifo.Make(path);
            }

            pipes.OpenToRead();
            return pipes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await pipes.DisposeAsync().ConfigureAwait(false);
            bool denied = e is UnauthorizedAccessException;
            throw new CtrException(
                denied ? CtrErrorIds.AccessDenied : CtrErrorIds.WriteFailed,
                denied ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
                $"The pipes of a process cannot be made in '{parent}': {e.Message}",
                e)
            {
                Target = parent,
                RecommendedAction = denied
                    ? "The pipes of containers need the rights of root: run PowerShell as root."
                    : "Look at the folder and at the space on its disk.",
            };
        }
    }

    /// <summary>Opens the pipes of a process that runs.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.FailedPrecondition"/> where they are gone.</exception>
    public static async Task<ProcessPipes> OpenAsync(string input, string output, string error, string words, string target)
    {
        var pipes = new ProcessPipes(input, output, error, null);
        try
        {
            pipes.OpenToRead();
            return pipes;
        }
        catch (IOException e)
        {
            await pipes.DisposeAsync().ConfigureAwait(false);
            throw new CtrException(
                CtrErrorIds.FailedPrecondition, CtrStatus.FailedPrecondition, $"The pipes of the {words} cannot be opened: {e.Message}", e)
            {
                Target = target,
            };
        }
    }

    /// <summary>Opens the end that writes to the standard input. Null while, or when, nobody reads it.</summary>
    public Stream? TryOpenInput() => InputPath.Length == 0 ? null : Fifo.TryOpenToWrite(InputPath);

    /// <summary>Closes our ends and removes what was made, unless it is to be kept.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (Stream? end in new[] { Output, Error })
        {
            if (end is not null)
            {
                await end.DisposeAsync().ConfigureAwait(false);
            }
        }

        if (_folder is not null && !Keep)
        {
            Remove(InputPath, OutputPath, ErrorPath);
        }
    }

    /// <summary>
    /// Removes the pipes of a process that is gone, and the folder that was made for them: nothing but pipes, and no folder that holds anything else.
    /// </summary>
    public static void Remove(params IEnumerable<string> paths)
    {
        foreach (string path in paths.Where(path => path.StartsWith('/')))
        {
            try
            {
                if (Fifo.IsFifo(path))
                {
                    File.Delete(path);
                }

                if (Path.GetDirectoryName(path) is { } folder
                    && IsMadeForPipes(Path.GetFileName(folder))
                    && Directory.Exists(folder)
                    && !Directory.EnumerateFileSystemEntries(folder).Any())
                {
                    Directory.Delete(folder);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else removes them at this moment, or they are another user's. At worst names stay that nobody opens any more.
            }
        }
    }

    /// <summary>Folders of ours, and those of containerd's own clients, which Go's os.MkdirTemp names by a number.</summary>
    private static bool IsMadeForPipes(string folder) => folder.StartsWith(FolderPrefix, StringComparison.Ordinal) || folder.All(char.IsAsciiDigit);

    private void OpenToRead()
    {
        Output = OutputPath.Length == 0 ? null : Fifo.OpenToRead(OutputPath);
        Error = ErrorPath.Length == 0 ? null : Fifo.OpenToRead(ErrorPath);
    }
}
