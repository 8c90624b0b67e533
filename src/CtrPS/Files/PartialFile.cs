using CtrPS.Client;

namespace CtrPS.Files;

/// <summary>The file beside another that becomes that one once it is whole (<see cref="PartialName"/>).</summary>
internal static class PartialFile
{
    private const int Attempts = 5;
    private const int LockedOnUnix = 11; // EAGAIN

    /// <summary>Small writes (headers) are gathered; large ones go straight through.</summary>
    private const int BufferSize = 1 << 16;

    /// <summary>Begins the file. It is read by its owner alone where another file is to be replaced, whose permissions it gets at the end.</summary>
    /// <param name="path">The file that it will be.</param>
    /// <param name="expected">Bytes that it will have; 0 where that is not known.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static FileStream Begin(string path, long expected)
    {
        RemoveLeftovers(path);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = BufferSize,
            Options = FileOptions.Asynchronous,
            PreallocationSize = expected, // a disk that is too small is told at once
        };
        if (!OperatingSystem.IsWindows() && File.Exists(path))
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                var file = new FileStream(Path.Join(Path.GetDirectoryName(path), PartialName.Make(Path.GetFileName(path))), options);
                _ = Connector.TryLock(file.SafeFileHandle);
                if (attempt == Attempts || Connector.IsAt(file.SafeFileHandle, file.Name))
                {
                    return file;
                }

                file.Dispose(); // taken for a leftover, in the moment before it was locked
            }
            catch (IOException e) when (e.HResult == LockedOnUnix && attempt < Attempts)
            {
                // The same, a moment later.
            }
        }
    }

    /// <summary>Those in a folder that no process writes any more.</summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be listed.</exception>
    public static IReadOnlyList<FileInfo> FindLeft(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles().Where(file => PartialName.Is(file.Name) && IfLeft(file.FullName, () => { }))];

    /// <summary>Removes one, if no process writes it.</summary>
    /// <returns>Whether it was removed.</returns>
    public static bool RemoveIfLeft(string partial) =>
        OperatingSystem.IsWindows()
            ? IfLeft(partial, () => { }) && Removed(partial) // an open file is gone there not before it is closed
            : IfLeft(partial, () => File.Delete(partial));

    private static void RemoveLeftovers(string path)
    {
        try
        {
            string name = Path.GetFileName(path);
            IEnumerable<string> files = Directory.EnumerateFiles(Path.GetDirectoryName(path)!);
            foreach (string left in files.Where(one => PartialName.IsOf(Path.GetFileName(one), name)))
            {
                _ = RemoveIfLeft(left);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that may not be listed: what is left there stays. That something is wrong with it tells who writes into it.
        }
    }

    /// <summary>Does something with a file while it is proved that no process writes it.</summary>
    private static bool IfLeft(string partial, Action action)
    {
        if (new FileInfo(partial).LinkTarget is not null || !Connector.IsRegularFile(partial))
        {
            return false; // none of ours
        }

        try
        {
            using var file = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            if (!Connector.TryLock(file.SafeFileHandle))
            {
                return false;
            }

            action();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // somebody writes it, or it is another user's
        }
    }

    private static bool Removed(string partial)
    {
        File.Delete(partial);
        return true;
    }
}
