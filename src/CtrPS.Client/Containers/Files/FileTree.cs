using CtrPS.Client.Images.Files;
using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Containers.Files;

/// <summary>
/// Finds and reads files of a file system that is not to be trusted: a link, or a device in the place of a file, leads and does nothing, even when it
/// is put there meanwhile.
/// </summary>
/// <param name="root">What all paths begin at.</param>
/// <param name="what">What it is of, for messages: "container 'web'".</param>
/// <param name="uid">What a user of the file system is where its files are written.</param>
/// <param name="gid">The same of groups.</param>
internal sealed class FileTree(SafeFileHandle root, string what, Func<long, long> uid, Func<long, long> gid) : ICopySource, IDisposable
{
    /// <summary>The kernel's own limit (path_resolution(7)).</summary>
    private const int MaxLinks = 40;

    /// <summary>Names of files that are kept in memory.</summary>
    private const int MaxFiles = 1_000_000;

    private readonly List<SafeFileHandle> _open = [root];
    private int _listed;

    /// <summary>What stands at a path. Null: nothing.</summary>
    public TreeFile? Find(string path, bool follow)
    {
        string real = follow || EndsAsFolder(path) ? Resolve(path) : Clean(path);
        string name = real[(real.LastIndexOf('/') + 1)..];
        bool isTop = name.Length == 0 || name == "..";
        if (Open(isTop ? real : FolderOf(real), follow: true) is not { } folder)
        {
            return null;
        }

        if ((isTop ? FileStatus.Of(folder) : FileStatus.Of(folder, name)) is { } status)
        {
            _open.Add(folder);
            return Tell(folder, folder, isTop ? "." : name, name, Clean(path), status);
        }

        folder.Dispose();
        return null;
    }

    /// <summary>A path with the links at its end followed.</summary>
    public string Resolve(string path)
    {
        string at = Clean(path);
        for (int links = 0; links < MaxLinks; links++)
        {
            string name = at[(at.LastIndexOf('/') + 1)..];
            if (name is "" or "..")
            {
                return at;
            }

            using SafeFileHandle? folder = Open(FolderOf(at), follow: true);
            if (folder is null || FileStatus.Of(folder, name) is not { IsSymbolicLink: true })
            {
                return at;
            }

            string target = ReadLink(folder, name, path);
            at = Clean(target.StartsWith('/') ? target : $"{FolderOf(at)}/{target}");
        }

        throw Unfollowed(path, $"it leads over more than {MaxLinks} links");
    }

    /// <summary>Opens a folder to write in.</summary>
    /// <exception cref="IOException">There is no such folder.</exception>
    public SafeFileHandle OpenFolder(string path)
    {
        SafeFileHandle folder = RootedFiles.TryFind(root, path, follow: true) ?? throw new IOException("there is no such folder");
        if (FileStatus.Of(folder) is { IsFolder: true })
        {
            return folder;
        }

        folder.Dispose();
        throw new IOException("it is no folder");
    }

    public Task<IReadOnlyList<ICtrCopiedFile>> ListAsync(ICtrCopiedFile folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<ICtrCopiedFile>>(List((TreeFile)folder));
    }

    public async Task ReadAsync(
        IEnumerable<ICtrCopiedFile> files,
        Func<ICtrCopiedFile, Stream, Task> take,
        Action<ICtrCopiedFile, Exception> fail,
        CancellationToken cancellationToken)
    {
        foreach (ICtrCopiedFile file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Stream content;
            try
            {
                content = OpenContent((TreeFile)file);
            }
            catch (IOException e)
            {
                fail(file, e);
                continue;
            }

            await using (content.ConfigureAwait(false))
            {
                await take(file, content).ConfigureAwait(false);
            }
        }
    }

    public void Dispose()
    {
        foreach (SafeFileHandle one in _open)
        {
            one.Dispose();
        }
    }

    /// <summary>Whether a path says that it is one of a folder.</summary>
    public static bool EndsAsFolder(string path) => path.EndsWith('/') || path is "." || path.EndsWith("/.", StringComparison.Ordinal);

    /// <summary>A path from the root, without what means nothing; <c>..</c> is for the kernel to go, as the folder before it may be a link.</summary>
    private static string Clean(string path) =>
        "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."));

    private static string FolderOf(string path) => path.LastIndexOf('/') is > 0 and var end ? path[..end] : "/";

    private static BoundedContent OpenContent(TreeFile file)
    {
        using SafeFileHandle found = RootedFiles.TryFindBelow(file.Top, file.Place) ?? throw new FileNotFoundException("it is not there any more");
        if (FileStatus.Of(found) is not { IsFile: true } status)
        {
            throw new IOException("it is no file any more");
        }

        return new BoundedContent(RootedFiles.OpenContent(found), status.Size);
    }

    private SafeFileHandle? Open(string path, bool follow)
    {
        try
        {
            return RootedFiles.TryFind(root, path, follow);
        }
        catch (IOException e)
        {
            throw Unfollowed(path, e.Message, e);
        }
    }

    private string ReadLink(SafeFileHandle folder, string name, string path)
    {
        try
        {
            return RootedFiles.ReadLink(folder, name);
        }
        catch (IOException e)
        {
            throw Unfollowed(path, e.Message, e);
        }
    }

    private List<ICtrCopiedFile> List(TreeFile folder)
    {
        try
        {
            using SafeFileHandle? open = RootedFiles.TryFindBelow(folder.Top, folder.Place);
            if (open is null || FileStatus.Of(open) is not { IsFolder: true } || FileStatus.IsOfKernel(open))
            {
                return [];
            }

            var files = new List<ICtrCopiedFile>();
            foreach (string entry in Directory.EnumerateFileSystemEntries(RootedFiles.PathOf(open)))
            {
                string name = Path.GetFileName(entry);
                string place = folder.Place == "." ? name : $"{folder.Place}/{name}";
                string path = folder.Path == "/" ? $"/{name}" : $"{folder.Path}/{name}";
                if (++_listed > MaxFiles)
                {
                    throw new CtrException(
                        CtrErrorIds.ResourceExhausted, CtrStatus.ResourceExhausted, $"There are more than {MaxFiles} files to copy from {what}.")
                    {
                        Target = path,
                    };
                }

                if (FileStatus.Of(open, name) is { } status)
                {
                    files.Add(Tell(folder.Top, open, place, name, path, status));
                }
                else if (name.Contains('\uFFFD', StringComparison.Ordinal))
                {
                    // A name that is no UTF-8 cannot be asked for: it is told where its content is to be read.
                    files.Add(new TreeFile { Top = folder.Top, Place = place, Path = path, Kind = CtrFileKind.File });
                }
            }

            files.Sort((one, other) => string.CompareOrdinal(one.Path, other.Path));
            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(
                CtrErrorIds.AccessDenied, CtrStatus.Unknown, $"The folder '{folder.Path}' of {what} cannot be read: {e.Message}", e)
            {
                Target = folder.Path,
            };
        }
    }

    private TreeFile Tell(SafeFileHandle top, SafeFileHandle folder, string place, string name, string path, FileStatus status) => new()
    {
        Top = top,
        Place = place,
        Path = path,
        Kind = status switch
        {
            { IsFolder: true } => CtrFileKind.Directory,
            { IsSymbolicLink: true } => CtrFileKind.SymbolicLink,
            { IsCharacterDevice: true } => CtrFileKind.CharacterDevice,
            { IsBlockDevice: true } => CtrFileKind.BlockDevice,
            { IsPipe: true } => CtrFileKind.Fifo,
            { IsSocket: true } => CtrFileKind.Socket,
            _ => CtrFileKind.File,
        },
        Mode = status.Permissions,
        Uid = uid(status.Uid),
        Gid = gid(status.Gid),
        Size = status.IsFile ? status.Size : 0,
        LastWriteTime = status.ModifiedAt,
        LinkTarget = status.IsSymbolicLink ? ReadLink(folder, name, path) : null,
    };

    private CtrException Unfollowed(string path, string reason, Exception? cause = null) => new(
        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The path '{path}' of {what} cannot be followed: {reason}.", cause)
    {
        Target = path,
    };
}
