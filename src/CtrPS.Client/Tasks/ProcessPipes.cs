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
    public const string DefaultParent = "/run/containerd/fifo";

    /// <summary>The names of our folders begin so.</summary>
    public const string FolderPrefix = "ctrps-";

    /// <summary>How often it is looked whether the shim has opened the end of the standard input that reads.</summary>
    private static readonly TimeSpan ReaderInterval = TimeSpan.FromMilliseconds(5);

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
    /// <param name="parent">The folder to make the folder in.</param>
    /// <param name="name">Begins the names of the pipes.</param>
    /// <param name="io">Which pipes.</param>
    /// <param name="mark">Whose they are.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AccessDenied"/>, <see cref="CtrErrorIds.WriteFailed"/>.</exception>
    public static async Task<ProcessPipes> MakeAsync(string parent, string name, CtrProcessIo io, PipeMark mark)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("The pipes of processes are Linux's.");
        }

        string folder = Path.Combine(parent, $"{FolderPrefix}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
        string Named(string stream) => Path.Combine(folder, $"{name}-{stream}");
        var pipes = new ProcessPipes(io.Input ? Named("stdin") : "", Named("stdout"), io.Terminal ? "" : Named("stderr"), folder);
        try
        {
            _ = Directory.CreateDirectory(parent, OwnerOnly);
            _ = Directory.CreateDirectory(folder, OwnerOnly);
            mark.Write(folder);
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

    /// <summary>
    /// Opens the end that writes to the standard input. The shim opens the end that reads beside the start of the process (openFifo of
    /// containerd/fifo), on a busy machine after it has told us of the start. Null: nobody reads, and nobody will.
    /// </summary>
    /// <param name="end">The end of the process: nobody will open it then.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Stream?> OpenInputAsync(Task end, CancellationToken cancellationToken)
    {
        while (InputPath.Length > 0)
        {
            bool hasEnded = end.IsCompleted;
            if (Fifo.TryOpenToWrite(InputPath) is { } input)
            {
                return input;
            }

            // Pipes that are not of our making belong to a process that runs for long: who read them has gone.
            if (hasEnded || _folder is null)
            {
                return null;
            }

            _ = await Task.WhenAny(end, Task.Delay(ReaderInterval, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return null;
    }

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
    /// Removes the pipes of a process that is gone, and the folder that was made for them: nothing but pipes and our mark, and no folder that holds
    /// anything else.
    /// </summary>
    public static void Remove(params IEnumerable<string> paths)
    {
        foreach (string path in paths.Where(path => path.StartsWith('/')))
        {
            Try(() =>
            {
                RemovePipe(path);
                if (Path.GetDirectoryName(path) is { } folder && IsMadeForPipes(Path.GetFileName(folder)))
                {
                    RemoveIfEmpty(folder);
                }
            });
        }
    }

    /// <summary>Removes a folder of ours with the pipes in it, and leaves it where it holds anything else.</summary>
    public static void RemoveFolder(string folder) => Try(() =>
    {
        foreach (string path in Directory.GetFiles(folder))
        {
            RemovePipe(path);
        }

        RemoveIfEmpty(folder);
    });

    /// <summary>Whether a folder holds nothing, or our mark alone.</summary>
    public static bool IsEmpty(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder).All(IsMark);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // there is none, or it is another user's
        }
    }

    private static void Try(Action removal)
    {
        try
        {
            removal();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else removes them at this moment, or they are another user's. At worst names stay that nobody opens any more.
        }
    }

    private static void RemovePipe(string path)
    {
        if (Fifo.IsFifo(path))
        {
            File.Delete(path);
        }
    }

    private static void RemoveIfEmpty(string folder)
    {
        if (IsEmpty(folder))
        {
            File.Delete(Path.Combine(folder, PipeMark.FileName));
            Directory.Delete(folder);
        }
    }

    private static bool IsMark(string path) =>
        Path.GetFileName(path) == PipeMark.FileName && FileStatus.Of(path, follow: false) is { IsFile: true };

    /// <summary>Folders of ours, and those of containerd's own clients, which Go's os.MkdirTemp names by a number.</summary>
    private static bool IsMadeForPipes(string folder) => folder.StartsWith(FolderPrefix, StringComparison.Ordinal) || folder.All(char.IsAsciiDigit);

    private void OpenToRead()
    {
        Output = OutputPath.Length == 0 ? null : Fifo.OpenToRead(OutputPath);
        Error = ErrorPath.Length == 0 ? null : Fifo.OpenToRead(ErrorPath);
    }
}
