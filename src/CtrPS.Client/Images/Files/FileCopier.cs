using System.ComponentModel;
using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Images.Files;

/// <summary>
/// Writes files of an image or a container below a folder. Names come from outside, so nothing is looked up by a path: each folder is entered from
/// the one above it, and links are not followed. Folders come first, then files in the order of their bytes, then links, and the folders' permissions
/// last.
/// </summary>
/// <param name="source">Where the files come from.</param>
/// <param name="options">Where to and how.</param>
/// <param name="open">Opens the folder.</param>
/// <param name="meter">Hears what is done.</param>
internal sealed class FileCopier(ICopySource source, CtrFileCopyOptions options, Func<SafeFileHandle> open, CtrTransferMeter meter)
{
    private const int BufferSize = 1 << 17;
    private const int Attempts = 5;
    private const int Permissions = 0x1FF;

    /// <summary>What stands for the user or the group in whose place a file runs: kept only where the file is theirs.</summary>
    private const int AllPermissions = 0xFFF;

    private readonly List<CtrCopyNote> _notes = [];
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    private readonly byte[] _buffer = new byte[BufferSize];

    // Names of files in the folders that are written to, which are not whole.
    private readonly Dictionary<string, string[]> _left = new(StringComparer.Ordinal);

    // The folder that was entered last: files come by folders mostly.
    private SafeFileHandle? _entered;
    private string? _enteredPath;

    public async Task<IReadOnlyList<CtrCopyNote>> CopyAsync(
        IReadOnlyList<(ICtrCopiedFile File, string Name)> files, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CtrException(CtrErrorIds.NotSupported, CtrStatus.Unimplemented, "Files are written on Linux alone.")
            {
                RecommendedAction = "Read those of images with Get-CtrImageContent -AsByteStream.",
            };
        }

        List<Planned> all = await PlanAsync(files, cancellationToken).ConfigureAwait(false);
        meter.SetTotal(all.Sum(one => one.File.Size));
        using SafeFileHandle top = OpenTop();
        try
        {
            var made = new List<Planned>();
            foreach (Planned folder in all.Where(one => one.File.Kind == CtrFileKind.Directory))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Do(folder, () =>
                {
                    if (MakeFolder(top, folder))
                    {
                        made.Add(folder);
                    }
                });
            }

            var places = all.Where(one => one.File.Kind == CtrFileKind.File && !HasFailed(one))
                .ToLookup(one => one.File, ReferenceEqualityComparer.Instance);
            await source.ReadAsync(
                places.Select(group => (ICtrCopiedFile)group.Key!),
                async (file, content) =>
                {
                    foreach (Planned planned in places[file])
                    {
                        await WriteAsync(top, planned, content, cancellationToken).ConfigureAwait(false);
                    }
                },
                (file, error) =>
                {
                    foreach (Planned planned in places[file])
                    {
                        Note(planned, error as CtrException ?? Unreadable(file, error));
                    }
                },
                cancellationToken).ConfigureAwait(false);
            foreach (Planned link in all.Where(one => one.File.Kind == CtrFileKind.SymbolicLink && !HasFailed(one)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Do(link, () => WriteLink(top, link));
            }

            _notes.AddRange(all.Where(one => one.File.Kind is CtrFileKind.BlockDevice or CtrFileKind.CharacterDevice or CtrFileKind.Fifo
                    or CtrFileKind.Socket)
                .Select(one => new CtrCopyNote(one.File, null)));
            for (int i = made.Count - 1; i >= 0; i--)
            {
                Planned folder = made[i];
                Do(folder, () =>
                {
                    using SafeFileHandle handle = Walk(top, folder.Parts);
                    Finish(handle, folder.File);
                });
            }

            return _notes;
        }
        finally
        {
            _entered?.Dispose();
        }
    }

    /// <summary>All that is to be written, folders before what is in them.</summary>
    private async Task<List<Planned>> PlanAsync(IReadOnlyList<(ICtrCopiedFile File, string Name)> files, CancellationToken cancellationToken)
    {
        var all = new List<Planned>();
        foreach ((ICtrCopiedFile file, string name) in files)
        {
            string[] parts = name.Length == 0 ? [] : [name];
            if (parts.Length > 0)
            {
                all.Add(new Planned(file, parts));
            }

            var folders = new Stack<Planned>();
            if (file.Kind == CtrFileKind.Directory)
            {
                folders.Push(new Planned(file, parts));
            }

            while (folders.TryPop(out Planned? folder))
            {
                foreach (ICtrCopiedFile below in await source.ListAsync(folder.File, cancellationToken).ConfigureAwait(false))
                {
                    var planned = new Planned(below, [.. folder.Parts, below.Path[(below.Path.LastIndexOf('/') + 1)..]]);
                    all.Add(planned);
                    if (below.Kind == CtrFileKind.Directory)
                    {
                        folders.Push(planned);
                    }
                }
            }
        }

        return all;
    }

    private SafeFileHandle OpenTop()
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new CtrException(
                CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"The folder '{options.Folder}' cannot be opened: {e.Message}.", e)
            {
                Target = options.Folder,
            };
        }
    }

    private static SafeFileHandle Walk(SafeFileHandle top, IEnumerable<string> parts)
    {
        SafeFileHandle at = top;
        foreach (string part in parts)
        {
            try
            {
                SafeFileHandle next = WrittenFolder.Open(at, part);
                (at, SafeFileHandle before) = (next, at);
                if (before != top)
                {
                    before.Dispose();
                }
            }
            catch when (at != top)
            {
                at.Dispose();
                throw;
            }
        }

        return at;
    }

    /// <summary>The folder that something is in.</summary>
    private SafeFileHandle Enter(SafeFileHandle top, Planned planned)
    {
        string path = string.Join('/', planned.Parts[..^1]);
        if (path.Length == 0)
        {
            return top;
        }

        if (_enteredPath != path)
        {
            _entered?.Dispose();
            _entered = null;
            _enteredPath = null;
            _entered = Walk(top, planned.Parts[..^1]);
            _enteredPath = path;
        }

        return _entered!;
    }

    private bool MakeFolder(SafeFileHandle top, Planned folder)
    {
        SafeFileHandle parent = Enter(top, folder);
        string name = folder.Parts[^1];
        if (WrittenFolder.TryMake(parent, name))
        {
            return true;
        }

        return FileStatus.Of(parent, name) is { IsFolder: true } ? false : throw new CtrException(
            CtrErrorIds.FileExists,
            CtrStatus.AlreadyExists,
            $"'{PathOf(folder)}' is there and no folder, or a link: the folder '{folder.File.Path}' is not written to it.")
        {
            Target = PathOf(folder),
            RecommendedAction = "Remove it, or copy to another folder.",
        };
    }

    private async Task WriteAsync(SafeFileHandle top, Planned planned, Stream content, CancellationToken cancellationToken)
    {
        string? partial = null;
        SafeFileHandle? folder = null;
        try
        {
            folder = Enter(top, planned);
            RequireFree(folder, planned);
            string name = planned.Parts[^1];
            RemoveLeft(folder, planned);
            using SafeFileHandle file = Begin(folder, name, out partial);
            meter.Show(planned.File.Path);
            long offset = 0;
            int read;
            while ((read = await content.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                RandomAccess.Write(file, _buffer.AsSpan(0, read), offset);
                offset += read;
                meter.AddDone(read);
            }

            Finish(file, planned.File);
            if (!WrittenFolder.TryRename(folder, partial, name, options.Replace))
            {
                throw Exists(planned);
            }

            partial = null;
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.FileExists or CtrErrorIds.InvalidPath or CtrErrorIds.WriteFailed)
        {
            Note(planned, e);
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            Note(planned, Translate(planned, e));
        }
        finally
        {
            if (partial is not null && folder is not null)
            {
                WrittenFolder.Remove(folder, partial);
            }
        }
    }

    private static SafeFileHandle Begin(SafeFileHandle folder, string name, out string partial)
    {
        for (int attempt = 1; ; attempt++)
        {
            partial = PartialName.Make(name);
            SafeFileHandle file = WrittenFolder.CreateFile(folder, partial);
            if ((OwnFile.TryLock(file) && FileStatus.Of(folder, partial)?.Identity == FileIdentity.Of(file)) || attempt == Attempts)
            {
                return file;
            }

            // Taken for a leftover by somebody else, in the moment before it was locked.
            file.Dispose();
            WrittenFolder.Remove(folder, partial);
        }
    }

    /// <summary>Takes away what processes that were killed left of the same file.</summary>
    private void RemoveLeft(SafeFileHandle folder, Planned planned)
    {
        string path = string.Join('/', planned.Parts[..^1]);
        if (!_left.TryGetValue(path, out string[]? names))
        {
            _left[path] = names = FindPartial(folder);
        }

        foreach (string name in names.Where(one => PartialName.IsOf(one, planned.Parts[^1])))
        {
            using SafeFileHandle? found = RootedFiles.TryFindBelow(folder, name);
            if (found is null || FileStatus.Of(found) is not { IsFile: true })
            {
                continue; // gone, or none of ours
            }

            using SafeFileHandle file = RootedFiles.OpenContent(found);
            if (OwnFile.TryLock(file))
            {
                WrittenFolder.Remove(folder, name);
            }
        }
    }

    private static string[] FindPartial(SafeFileHandle folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(RootedFiles.PathOf(folder)).Select(one => Path.GetFileName(one)).Where(PartialName.Is)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // a folder that may not be listed: what is left there stays
        }
    }

    private void WriteLink(SafeFileHandle top, Planned planned)
    {
        SafeFileHandle folder = Enter(top, planned);
        RequireFree(folder, planned);
        string partial = PartialName.Make(planned.Parts[^1]);
        WrittenFolder.CreateLink(folder, partial, planned.File.LinkTarget!);
        try
        {
            if (OwnersFor(planned.File) is var (user, group))
            {
                WrittenFolder.SetOwner(folder, partial, user, group);
            }

            if (!WrittenFolder.TryRename(folder, partial, planned.Parts[^1], options.Replace))
            {
                throw Exists(planned);
            }
        }
        catch
        {
            WrittenFolder.Remove(folder, partial);
            throw;
        }
    }

    /// <summary>Owner first, whose change takes bits away, then permissions, then the time.</summary>
    private void Finish(SafeFileHandle handle, ICtrCopiedFile file)
    {
        if (OwnersFor(file) is var (user, group))
        {
            WrittenFolder.SetOwner(handle, user, group);
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(handle, (UnixFileMode)(file.Mode & (options.PreserveOwner ? AllPermissions : Permissions)));
        }

        if (file.LastWriteTime is { } time)
        {
            File.SetLastWriteTimeUtc(handle, time.UtcDateTime);
        }
    }

    private (uint User, uint Group)? OwnersFor(ICtrCopiedFile file) => options.PreserveOwner ? OwnersOf(file) : options.Owner;

    /// <summary>Linux has numbers of 32 bits: a larger one is not cut, as it could become root's.</summary>
    private static (uint User, uint Group) OwnersOf(ICtrCopiedFile file) => file.Uid < uint.MaxValue && file.Gid < uint.MaxValue
        ? ((uint)file.Uid, (uint)file.Gid)
        : throw new CtrException(
            CtrErrorIds.WriteFailed,
            CtrStatus.InvalidArgument,
            $"The file '{file.Path}' is of user {file.Uid} and group {file.Gid}, and Linux has no such numbers.")
        {
            Target = file.Path,
        };

    private void RequireFree(SafeFileHandle folder, Planned planned)
    {
        if (FileStatus.Of(folder, planned.Parts[^1]) is not { } there)
        {
            return;
        }

        if (!options.Replace)
        {
            throw Exists(planned);
        }

        if (!there.IsFile && !there.IsSymbolicLink)
        {
            throw new CtrException(
                CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{PathOf(planned)}' is a folder, a device, a pipe or a socket: it stays.")
            {
                Target = PathOf(planned),
            };
        }
    }

    private CtrException Exists(Planned planned) => new(
        CtrErrorIds.FileExists, CtrStatus.AlreadyExists, $"The file '{PathOf(planned)}' exists already.")
    {
        Target = PathOf(planned),
        RecommendedAction = "Use -Force to replace it.",
    };

    private void Do(Planned planned, Action work)
    {
        if (HasFailed(planned))
        {
            return;
        }

        try
        {
            work();
        }
        catch (CtrException e)
        {
            Note(planned, e);
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            Note(planned, Translate(planned, e));
        }
    }

    /// <summary>Notes a fault; what is in a folder that cannot be made is not tried.</summary>
    private void Note(Planned planned, CtrException fault)
    {
        if (fault.ErrorId == CtrErrorIds.DiskFull)
        {
            throw fault;
        }

        _notes.Add(new CtrCopyNote(planned.File, fault));
        if (planned.File.Kind == CtrFileKind.Directory)
        {
            _ = _failed.Add(string.Join('/', planned.Parts));
        }
    }

    private bool HasFailed(Planned planned) =>
        _failed.Count > 0 && Enumerable.Range(1, planned.Parts.Length).Any(count => _failed.Contains(string.Join('/', planned.Parts[..count])));

    private static CtrException Unreadable(ICtrCopiedFile file, Exception error) => new(
        CtrErrorIds.AccessDenied, CtrStatus.Unknown, $"The file '{file.Path}' cannot be read: {error.Message}", error)
    {
        Target = file.Path,
    };

    private CtrException Translate(Planned planned, Exception error)
    {
        int code = error is Win32Exception native ? native.NativeErrorCode : error.HResult;
        bool isFull = WrittenFolder.IsFull(code);
        return new CtrException(
            isFull ? CtrErrorIds.DiskFull : CtrErrorIds.WriteFailed,
            isFull ? CtrStatus.ResourceExhausted : error is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
            $"The file '{PathOf(planned)}' cannot be written: {error.Message}",
            error)
        {
            Target = PathOf(planned),
        };
    }

    private string PathOf(Planned planned) => Path.Join(options.Folder, string.Join('/', planned.Parts));

    /// <param name="File">What is to be written.</param>
    /// <param name="Parts">Where to, below the folder.</param>
    private sealed record Planned(ICtrCopiedFile File, string[] Parts);
}
