using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Tar;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Archives;

/// <summary>The files in a tar that is not compressed. Owns the handle.</summary>
internal sealed class PlainTar(SafeFileHandle handle, string path) : SeekableFiles(path)
{
    private bool _endMarked;

    public override bool EndMarked => _endMarked;

    public override Stream Open(ArchiveEntry entry) => new FileSlice(handle, Path, entry.Offset, entry.Size);

    public override void Dispose()
    {
        base.Dispose();
        handle.Dispose();
    }

    protected override async Task ScanAsync(CancellationToken cancellationToken)
    {
        var tar = new FileSlice(handle, Path, 0, RandomAccess.GetLength(handle));
        await using (tar.ConfigureAwait(false))
        {
            var scanner = new TarScanner(tar, Path);
            while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                string name = EntryPath.Clean(item.Name, Path);
                if (item.Kind == TarItemKind.File)
                {
                    _ = AddFile(name, item.Offset, item.Size);
                }
                else if (item.Kind != TarItemKind.Other)
                {
                    AddLink(name, EntryPath.Follow(name, item.LinkName, item.Kind == TarItemKind.HardLink, Path));
                }
            }

            _endMarked = scanner.EndMarked;
        }
    }
}
