using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Tar;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Archives;

/// <summary>The files in a tar that is not compressed. Owns the handle.</summary>
internal sealed class PlainTar(SafeFileHandle handle, string path, ArchiveLimits limits) : SeekableFiles(path, limits)
{
    private bool _endMarked;

    public override bool EndMarked => _endMarked;

    public override Stream Open(ArchiveEntry entry) => new FileSlice(handle, ArchiveFault.For(Path), entry.Offset, entry.Size);

    public override void Dispose()
    {
        base.Dispose();
        handle.Dispose();
    }

    protected override async Task ScanAsync(CancellationToken cancellationToken)
    {
        var tar = new FileSlice(handle, ArchiveFault.For(Path), 0, RandomAccess.GetLength(handle));
        await using (tar.ConfigureAwait(false))
        {
            var scanner = new TarScanner(tar, ArchiveFault.For(Path), Limits.Entries);
            while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                _ = Add(item);
            }

            _endMarked = scanner.EndMarked;
        }
    }
}
