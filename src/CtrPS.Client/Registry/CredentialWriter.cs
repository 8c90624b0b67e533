using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Registry;

/// <summary>
/// Changes a file with credentials: one change at a time, whoever makes it (a lock beside the file), the file whole at any moment, and read by its
/// owner alone afterwards. What else is in it stays. Never is anything written through a link.
/// </summary>
internal static class CredentialWriter
{
    private const int LockedOnUnix = 11; // EAGAIN
    private const int LockedOnWindows = unchecked((int)0x80070020); // ERROR_SHARING_VIOLATION
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Not <c>.lock</c>: that is podman's, who keeps it.</summary>
    private const string LockSuffix = ".ctrps-lock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions Indented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        IndentCharacter = '\t', // as docker writes it
        IndentSize = 1,
    };

    /// <summary>Changes the document.</summary>
    /// <param name="place">The file.</param>
    /// <param name="change">Changes it. False: there is nothing to write.</param>
    /// <param name="cancellationToken">Ends the waiting for others.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidCredentialFile"/>; <see cref="CtrErrorIds.InvalidPath"/>: a link; <see cref="CtrErrorIds.WriteFailed"/>.
    /// </exception>
    public static async Task<bool> ChangeAsync(CredentialPlace place, Func<JsonObject, bool> change, CancellationToken cancellationToken)
    {
        string path = place.Path!;
        try
        {
            RequireNoLink(path);
            MakeFolder(Path.GetDirectoryName(path)!);
            using FileStream gate = await LockAsync(path + LockSuffix, cancellationToken).ConfigureAwait(false);
            try
            {
                RequireNoLink(path);
                JsonObject document = CredentialFile.ReadDocument(place);
                if (!change(document))
                {
                    return false;
                }

                Replace(path, document);
                return true;
            }
            finally
            {
                if (!OperatingSystem.IsWindows())
                {
                    File.Delete(gate.Name); // while it is locked: who waits sees that it is gone, and makes another
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(
                CtrErrorIds.WriteFailed, e is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
                $"The file '{path}' cannot be written: {e.Message}", e)
            {
                Target = path,
                RecommendedAction = "Name another folder in the variable DOCKER_CONFIG, or set up a credential helper (credsStore).",
            };
        }
    }

    private static void Replace(string path, JsonObject document)
    {
        string partial = Path.Join(Path.GetDirectoryName(path), PartialName.Make(Path.GetFileName(path)));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        bool named = false;
        try
        {
            using (var file = new FileStream(partial, options))
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(document, Indented));
                file.Flush();
                OwnFile.TakeAfter(file.SafeFileHandle, path);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(file.SafeFileHandle, OwnerOnly); // the old one may have been open to others: now there is a secret in it
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
            named = true;
        }
        finally
        {
            if (!named)
            {
                File.Delete(partial);
            }
        }
    }

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private static void RequireNoLink(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            throw new CtrException(
                CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{path}' is a link to '{target}'. Nothing is written through a link.")
            {
                Target = path,
                RecommendedAction = "Name the folder of the file itself in the variable DOCKER_CONFIG, or put the file in the place of the link.",
            };
        }
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (OperatingSystem.IsWindows())
        {
            options.Options = FileOptions.DeleteOnClose;
        }
        else
        {
            options.UnixCreateMode = OwnerOnly;
        }

        long begin = Environment.TickCount64;
        while (true)
        {
            RequireNoLink(path);
            try
            {
                var gate = new FileStream(path, options);
                if (OwnFile.TryLock(gate.SafeFileHandle) && (!OperatingSystem.IsLinux() || OwnFile.IsAt(gate.SafeFileHandle, path)))
                {
                    return gate;
                }

                await gate.DisposeAsync().ConfigureAwait(false); // it was another one's, who is done
            }
            catch (IOException e) when (e.HResult is LockedOnUnix or LockedOnWindows)
            {
                // Another one writes.
            }

            if (Environment.TickCount64 - begin > Patience.TotalMilliseconds)
            {
                throw new IOException($"another process has held '{path}' for {Patience.TotalSeconds:0} seconds");
            }

            await Task.Delay(Random.Shared.Next(5, 25), cancellationToken).ConfigureAwait(false);
        }
    }
}
