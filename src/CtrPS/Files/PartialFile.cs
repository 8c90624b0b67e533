using System.Security.Cryptography;
using CtrPS.Client;

namespace CtrPS.Files;

/// <summary>
/// The file that becomes another once it is whole: <c>name.random.partial</c> beside it, locked while its process lives. What a process left that was
/// killed is not locked: the next one that writes the same file takes it away.
/// </summary>
internal static class PartialFile
{
    private const string Suffix = ".partial";
    private const int RandomBytes = 4;
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
                var file = new FileStream($"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}{Suffix}", options);
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

    private static void RemoveLeftovers(string path)
    {
        try
        {
            foreach (string left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Where(one => IsPartialOf(one, path)))
            {
                RemoveIfLeft(left);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that may not be listed: what is left there stays. That something is wrong with it tells who writes into it.
        }
    }

    private static bool IsPartialOf(string one, string path) =>
        one.Length == path.Length + 1 + (2 * RandomBytes) + Suffix.Length
        && one.StartsWith(path + ".", StringComparison.Ordinal)
        && one.EndsWith(Suffix, StringComparison.Ordinal)
        && one.Substring(path.Length + 1, 2 * RandomBytes).All(char.IsAsciiHexDigitLower);

    private static void RemoveIfLeft(string partial)
    {
        if (new FileInfo(partial).LinkTarget is not null || !Connector.IsRegularFile(partial))
        {
            return; // none of ours
        }

        try
        {
            using var file = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            if (Connector.TryLock(file.SafeFileHandle) && !OperatingSystem.IsWindows())
            {
                File.Delete(partial);
                return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return; // somebody writes it, or it is another user's
        }

        if (OperatingSystem.IsWindows())
        {
            File.Delete(partial); // there not before it is closed
        }
    }
}
