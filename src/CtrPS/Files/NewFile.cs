using System.Management.Automation;
using System.Text;
using CtrPS.Binding;
using CtrPS.Client;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Files;

/// <summary>
/// A file that appears under its name only when it is whole: it is written beside it as a <see cref="PartialFile"/> and renamed at the end. However
/// the writing ends otherwise, the partial file goes and a file that was there before stays as it was. One that is replaced leaves its owner and its
/// permissions to the new one. Never is anything written through a link. All files that the module makes are made so.
/// </summary>
internal sealed class NewFile : IAsyncDisposable
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(100);

    private const int NoSpaceOnUnix = 28; // ENOSPC
    private const int QuotaOnUnix = 122; // EDQUOT on Linux
    private const int DiskFullOnWindows = unchecked((int)0x80070070);
    private const int HandleDiskFullOnWindows = unchecked((int)0x80070027);

    private readonly string _path;
    private readonly long _expected;
    private readonly bool _force;
    private readonly FileStream _file;
    private readonly HashingStream? _hashing;
    private bool _named;

    private NewFile(string path, long expected, bool checksum, bool force)
    {
        _path = path;
        _expected = expected;
        _force = force;
        _file = PartialFile.Begin(path, expected);
        _hashing = checksum ? new HashingStream(_file) : null;
    }

    /// <summary>Where to write to.</summary>
    public Stream Content => _hashing ?? (Stream)_file;

    /// <summary>The full path of a file to be, and that it can be made.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidPath"/>; <see cref="CtrErrorIds.FileExists"/> without <paramref name="force"/>.
    /// </exception>
    public static string Resolve(PSCmdlet cmdlet, string path, bool force)
    {
        string full = ProviderPath.Resolve(cmdlet, path);
        if (Directory.Exists(full))
        {
            throw Invalid(full, $"'{full}' is a folder. Name a file in it.");
        }

        if (Path.GetDirectoryName(full) is not { Length: > 0 } parent || !Directory.Exists(parent))
        {
            throw Invalid(full, $"The file '{full}' cannot be made: its folder does not exist.");
        }

        if (full.EndsWith(Path.DirectorySeparatorChar))
        {
            throw Invalid(full, $"'{full}' names a folder that does not exist, not a file.");
        }

        return RequireFree(full, force);
    }

    /// <summary>That a file may be made or replaced. A link is not followed, and not replaced either: neither is what its owner expects.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidPath"/>; <see cref="CtrErrorIds.FileExists"/> without <paramref name="force"/>.
    /// </exception>
    public static string RequireFree(string path, bool force)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            string nothing = Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target)) ? "" : ", where nothing is";
            throw Invalid(
                path, $"'{path}' is a link to '{target}'{nothing}. Nothing is written through a link: name the file itself, or remove the link.");
        }

        if (!File.Exists(path))
        {
            return path;
        }

        if (!Connector.IsRegularFile(path))
        {
            // Renaming a file over /dev/null would take it away for good.
            throw Invalid(path, $"'{path}' is a device, a pipe or a socket, not a file.");
        }

        return force ? path : throw Exists(path);
    }

    /// <summary>Begins the file.</summary>
    /// <param name="path">From <see cref="Resolve"/>.</param>
    /// <param name="expected">Bytes that it will have; 0 where that is not known.</param>
    /// <param name="checksum">Take the SHA-256 of what is written, and write a second file <c>path.sha256</c> with it.</param>
    /// <param name="force">Replace a file that is there, or comes there meanwhile.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.DiskFull"/>, <see cref="CtrErrorIds.WriteFailed"/>.</exception>
    public static NewFile Create(string path, long expected, bool checksum, bool force)
    {
        try
        {
            return new NewFile(path, expected, checksum, force);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Translate(e, path, expected);
        }
    }

    /// <summary>Writes the content, brings it onto the disk and gives it its name.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.DiskFull"/>, <see cref="CtrErrorIds.WriteFailed"/>, <see cref="CtrErrorIds.FileExists"/>, and what <paramref
    /// name="write"/> throws.
    /// </exception>
    public async Task<FileInfo> WriteAsync(Func<Stream, Task> write)
    {
        try
        {
            using var written = new CancellationTokenSource();
            Task flushing = FlushMeanwhileAsync(_file.SafeFileHandle, written.Token);
            try
            {
                await write(Content).ConfigureAwait(false);
            }
            finally
            {
                await written.CancelAsync().ConfigureAwait(false);
                await flushing.ConfigureAwait(false);
            }

            await FinishAsync().ConfigureAwait(false);
            if (_hashing is not null)
            {
                NewFile checksum = Create(_path + ".sha256", 0, checksum: false, _force);
                await using (checksum.ConfigureAwait(false))
                {
                    _ = await checksum.WriteAsync(output => output.WriteAsync(ChecksumLine()).AsTask()).ConfigureAwait(false);
                }
            }

            return new FileInfo(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Translate(e, _path, _expected);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Emptied first: what its buffer still holds would be written when it closes, perhaps onto a full disk.
        try
        {
            await _file.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The fault that brought us here is the one to tell.
        }

        if (!_named)
        {
            File.Delete(_file.Name);
        }

        _hashing?.Dispose();
    }

    /// <summary>Brings bytes onto the disk while others are still made: at the end there is little left to wait for.</summary>
    private static async Task FlushMeanwhileAsync(SafeFileHandle file, CancellationToken written)
    {
        using var timer = new PeriodicTimer(FlushInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(written).ConfigureAwait(false))
            {
                RandomAccess.FlushToDisk(file);
            }
        }
        catch (OperationCanceledException)
        {
            // All is written; the last flush is the writer's.
        }
    }

    private async Task FinishAsync()
    {
        await _file.FlushAsync().ConfigureAwait(false);
        Connector.TakeAfter(_file.SafeFileHandle, _path);
        _file.Flush(flushToDisk: true);
        if (OperatingSystem.IsWindows())
        {
            await _file.DisposeAsync().ConfigureAwait(false); // an open file cannot be renamed there
        }

        // Elsewhere its lock goes last: without it, it could be taken for a leftover.
        _named = Connector.TryMove(_file.Name, _path, _force);
        if (!_named)
        {
            throw Exists(_path); // it came there while this one was written
        }

        await _file.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// What <c>sha256sum -c</c> reads; in a name with a backslash or a line end those are escaped, and a backslash says so (coreutils, md5sum).
    /// </summary>
    private byte[] ChecksumLine()
    {
        string name = Path.GetFileName(_path);
        string escaped = name.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("\r", "\\r", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes($"{(escaped == name ? "" : "\\")}{_hashing!.Sha256}  {escaped}\n");
    }

    private static CtrException Translate(Exception error, string path, long expected)
    {
        long? free = Free(path);
        bool full = error.HResult is NoSpaceOnUnix or QuotaOnUnix or DiskFullOnWindows or HandleDiskFullOnWindows
            || (error is IOException && expected > 0 && free < expected);
        string need = expected > 0 ? $" {expected} bytes are needed" : " It was being written";
        return full
            ? new CtrException(
                CtrErrorIds.DiskFull,
                CtrStatus.ResourceExhausted,
                $"There is not enough space for the file '{path}'.{need}{(free is { } left ? $"; {left} are free" : "")}.",
                error)
            {
                Target = path,
                RecommendedAction = "Free space there, or write to another disk.",
            }
            : new CtrException(
                CtrErrorIds.WriteFailed, error is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
                $"The file '{path}' cannot be written: {error.Message}", error)
            {
                Target = path,
            };
    }

    private static long? Free(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static CtrException Exists(string path) =>
        new(CtrErrorIds.FileExists, CtrStatus.AlreadyExists, $"The file '{path}' exists already.")
        {
            Target = path,
            RecommendedAction = "Use -Force to replace it.",
        };

    private static CtrException Invalid(string path, string message) => new(CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, message)
    {
        Target = path,
    };
}
