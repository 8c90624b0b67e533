using Containerd.Types;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Containers.Users;

/// <summary>
/// A root file system in folders on this machine, one over the other as overlayfs puts them: a lower one shows where the upper ones have nothing.
/// Reading them needs no mount that could be left behind.
/// </summary>
/// <param name="folders">The folders, top first.</param>
internal sealed class FolderFiles(IReadOnlyList<string> folders) : RootFiles
{
    /// <summary>
    /// The folders behind the mounts of a snapshot. Null where they cannot be read here: another kind of mount, another machine, no permission.
    /// </summary>
    public static FolderFiles? TryOpen(IReadOnlyList<Mount> mounts)
    {
        if (!OperatingSystem.IsLinux() || mounts is not [{ } mount])
        {
            return null;
        }

        string[] folders = mount.Type switch
        {
            "bind" => [mount.Source],
            "overlay" => [.. Option("upperdir="), .. Option("lowerdir=")],
            _ => [],
        };
        return folders.Length > 0 && folders.All(CanRead) ? new FolderFiles(folders) : null;

        string[] Option(string name) =>
            mount.Options.FirstOrDefault(option => option.StartsWith(name, StringComparison.Ordinal)) is { } option
                ? option[name.Length..].Split(':')
                : [];
    }

    protected override ValueTask<RootEntry?> FindAsync(IReadOnlyList<string> parts, CancellationToken cancellationToken)
    {
        for (int layer = 0; layer < folders.Count; layer++)
        {
            string path = folders[layer];
            bool hides = false;
            for (int i = 0; i < parts.Count; i++)
            {
                path = Path.Join(path, parts[i]);
                if (FileStatus.Of(path, follow: false) is not { } status)
                {
                    break;
                }

                bool isLast = i == parts.Count - 1;
                bool isWhiteout = status.IsWhiteout;
                if (isWhiteout || (!isLast && !status.IsFolder))
                {
                    return default;
                }

                if (isLast)
                {
                    return ValueTask.FromResult<RootEntry?>(new RootEntry(
                        KindOf(status), path, layer, status.IsSymbolicLink ? new FileInfo(path).LinkTarget ?? "" : ""));
                }

                hides |= FileStatus.IsOpaque(path);
            }

            if (hides)
            {
                return default;
            }
        }

        return default;
    }

    protected override async ValueTask<byte[]> ReadAsync(RootEntry entry, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        using FileStream file = File.OpenRead(entry.Place);
        byte[] buffer = new byte[1 << 16];
        int read;
        while (bytes.Length <= MaxSize && (read = await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    private static RootEntryKind KindOf(FileStatus status) =>
        status.IsFolder
            ? RootEntryKind.Folder
            : status.IsFile ? RootEntryKind.File
            : status.IsSymbolicLink ? RootEntryKind.Link
            : RootEntryKind.Other;

    private static bool CanRead(string folder)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
