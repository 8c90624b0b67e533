namespace CtrPS.Rig;

/// <summary>The folder for what is costly to get: unpacked packages and image archives. Shared by all rigs of a user.</summary>
public static class RigCache
{
    /// <summary><c>$CTRPS_RIG_CACHE</c>, else <c>ctrps-rig</c> in the XDG cache folder.</summary>
    public static string Folder { get; } = Locate();

    /// <summary>Makes <paramref name="path"/> with <paramref name="make"/>, once over all processes. The maker gets a temporary
    /// path beside the final one; a failed making leaves nothing behind.</summary>
    internal static async Task<string> GetOrMakeAsync(
        string path, Func<string, CancellationToken, Task> make, CancellationToken cancellationToken)
    {
        if (Path.Exists(path))
        {
            return path;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var lockPath = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.lock");
        await using var making = await LockAsync(lockPath, cancellationToken);
        if (Path.Exists(path))
        {
            return path;
        }

        var partial = path + ".partial";
        Remove(partial);
        try
        {
            await make(partial, cancellationToken);
            Directory.Move(partial, path);
        }
        finally
        {
            Remove(partial);
        }

        return path;
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(100, cancellationToken); // another process makes it
            }
        }
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    private static string Locate()
    {
        if (Environment.GetEnvironmentVariable("CTRPS_RIG_CACHE") is { Length: > 0 } folder)
        {
            return Path.GetFullPath(folder);
        }

        var caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
            ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "ctrps-rig");
    }
}
