using System.IO.Enumeration;
using CtrPS.Client.Formats;

namespace CtrPS.Client.Archives;

/// <summary>The files in a folder: an OCI layout that is not packed, or an unpacked docker save.</summary>
internal sealed class LayoutFolder(string path, ArchiveLimits limits) : SeekableFiles(path, limits)
{
    public override Stream Open(ArchiveEntry entry)
    {
        if (entry.Size == 0)
        {
            return Stream.Null; // a pipe or a device has no size either, and opening one may not end
        }

        string path = System.IO.Path.Join(Path, entry.Name);
        return new FileSlice(ArchiveReader.OpenHandle(path), ArchiveFault.For(path), 0, entry.Size, owned: true);
    }

    protected override Task ScanAsync(CancellationToken cancellationToken)
    {
        // Only what looks like a layout is gone through: any folder could be given, the root of a disk too.
        if (!new[] { LayoutFile, IndexFile, DockerFile }.Any(name => File.Exists(System.IO.Path.Join(Path, name))))
        {
            throw ArchiveFault.Unrecognized(Path, $"the folder has none of the files {LayoutFile}, {IndexFile} and {DockerFile}.");
        }

        long count = 0;
        try
        {
            foreach (FileSystemInfo info in Below())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (++count > Limits.Entries)
                {
                    throw ArchiveFault.Limit(Path, $"it has more than {Limits.Entries} entries.");
                }

                string name = System.IO.Path.GetRelativePath(Path, info.FullName).Replace(System.IO.Path.DirectorySeparatorChar, '/');
                if (info.LinkTarget is { } target)
                {
                    AddLink(name, EntryPath.Follow(name, target, fromRoot: false, Path));
                }
                else if (info is FileInfo file)
                {
                    _ = AddFile(name, count, file.Length);
                }
                else
                {
                    CountName(name.Length); // folders are remembered too, until they are gone through
                }
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw ArchiveFault.AccessDenied(Path, e);
        }
        catch (IOException e)
        {
            throw ArchiveFault.Unreadable(Path, e);
        }

        return Task.CompletedTask;
    }

    /// <summary>Everything below the folder; folders that are links are not entered.</summary>
    private FileSystemEnumerable<FileSystemInfo> Below()
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };
        return new FileSystemEnumerable<FileSystemInfo>(Path, (ref FileSystemEntry entry) => entry.ToFileSystemInfo(), options)
        {
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
    }
}
