using System.ComponentModel;
using System.Diagnostics;
using CtrPS.Rig.Processes;

namespace CtrPS.Rig;

/// <summary>
/// A temporary folder whose whole life is accounted for. Beside it lies a lock file that the owner holds (flock), so that anyone can
/// tell a living rig from one whose owner died, whatever became of its process id. A keeper process cleans the folder when the
/// owner ends without doing so; what even the keeper could not do, the next rig in the same place does.
/// </summary>
internal sealed class RigFolder : IAsyncDisposable
{
    private const string Prefix = "ctrps-rig-";
    private const string LockSuffix = ".lock";

    private readonly FileStream _lock;
    private readonly Process _keeper;
    private bool _isDisposed;

    private RigFolder(string path, FileStream heldLock, Process keeper)
    {
        Path = path;
        _lock = heldLock;
        _keeper = keeper;
    }

    /// <summary>Full path, without a link in it.</summary>
    public string Path { get; }

    /// <summary>
    /// Makes a folder in <paramref name="parent"/>; by default in the folder that CTRPS_RIG_FOLDER names, else in the temporary folder.
    /// </summary>
    public static async Task<RigFolder> CreateAsync(string? parent = null)
    {
        parent = ResolveLinks(parent ?? Environment.GetEnvironmentVariable("CTRPS_RIG_FOLDER") ?? System.IO.Path.GetTempPath());
        if (!Directory.Exists(parent))
        {
            throw new DirectoryNotFoundException($"there is no folder '{parent}'");
        }

        foreach (var abandoned in Directory.EnumerateFiles(parent, Prefix + "*" + LockSuffix))
        {
            try
            {
                await CleanAbandonedAsync(abandoned[..^LockSuffix.Length]);
            }
            catch (Exception problem)
                when (problem is InvalidOperationException or IOException or UnauthorizedAccessException or Win32Exception)
            {
                await Console.Error.WriteLineAsync("rig: an abandoned folder: " + problem.Message);
            }
        }

        while (true)
        {
            var path = System.IO.Path.Combine(parent, Prefix + Guid.NewGuid().ToString("N")[..8]);
            if (TakeLock(path, FileMode.CreateNew) is { } heldLock)
            {
                Directory.CreateDirectory(path);
                return new RigFolder(path, heldLock, StartKeeper(path));
            }
        }
    }

    /// <summary>Cleans a folder if nobody holds its lock. False: its owner lives, or it is another user's.</summary>
    public static async Task<bool> CleanAbandonedAsync(string path)
    {
        await using var heldLock = TakeLock(path, FileMode.Open);
        if (heldLock is null)
        {
            return !File.Exists(path + LockSuffix);
        }

        await RigCleaner.CleanAsync(path);
        File.Delete(path + LockSuffix);
        return true;
    }

    /// <summary>The keeper's work: wait until the owner closes the pipe, in whatever way it ends, then clean what it left.</summary>
    public static async Task<int> KeepAsync(string path)
    {
        await Console.In.ReadToEndAsync();
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (await CleanAbandonedAsync(path))
            {
                return 0;
            }

            await Task.Delay(100); // a dying owner closes its files in any order
        }

        return 1;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await RigCleaner.CleanAsync(Path);
        File.Delete(Path + LockSuffix);
        await _lock.DisposeAsync();
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        var ended = _keeper.ExitCode;
        _keeper.Dispose();
        if (ended != 0)
        {
            throw new InvalidOperationException($"the keeper of '{Path}' ended with {ended}: a killed rig would have left its folder behind");
        }
    }

    /// <summary>The lock, or null when another process holds it, took it away meanwhile, or belongs to another user.</summary>
    private static FileStream? TakeLock(string path, FileMode mode)
    {
        FileStream heldLock;
        try
        {
            heldLock = new FileStream(path + LockSuffix, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception held) when (File.Exists(path + LockSuffix) || held is FileNotFoundException)
        {
            return null;
        }

        if (File.Exists(path + LockSuffix))
        {
            return heldLock;
        }

        heldLock.Dispose(); // cleaned by another process between open and lock
        return null;
    }

    private static Process StartKeeper(string path)
    {
        var runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        var dotnet = System.IO.Path.GetFullPath(System.IO.Path.Combine(runtime, "..", "..", "..", "dotnet"));
        var quiet = new Dictionary<string, string?> { ["DOTNET_EnableDiagnostics"] = "0" }; // no diagnostic sockets in the temporary folder
        return Command.StartDetached(dotnet, [typeof(RigFolder).Assembly.Location, "keep", path], "/dev/null", quiet);
    }

    private static string ResolveLinks(string folder)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(folder));
        var parent = System.IO.Path.GetDirectoryName(full);
        if (parent is null)
        {
            return full;
        }

        var resolved = System.IO.Path.Combine(ResolveLinks(parent), System.IO.Path.GetFileName(full));
        return new DirectoryInfo(resolved).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? resolved;
    }
}
