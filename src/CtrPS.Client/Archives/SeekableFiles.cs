using System.Runtime.CompilerServices;
using CtrPS.Client.Formats.Compression;

namespace CtrPS.Client.Archives;

/// <summary>Files that can be opened one by one.</summary>
internal abstract class SeekableFiles(string path, ArchiveLimits limits) : ArchiveFiles(path, limits)
{
    public override async ValueTask<byte[]> ReadAllAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        Stream content = Open(entry);
        await using (content.ConfigureAwait(false))
        {
            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)entry.Size);
            await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }

    public override async IAsyncEnumerable<(ArchiveEntry Entry, Stream Content)> ReadInOrderAsync(
        IReadOnlySet<ArchiveEntry> wanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (ArchiveEntry entry in wanted.OrderBy(entry => entry.Offset))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Stream content = Open(entry);
            await using (content.ConfigureAwait(false))
            {
                yield return (entry, content);
            }
        }
    }

    public override async ValueTask<CtrCompression> DetectAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Compression is { } known)
        {
            return known;
        }

        Stream content = Open(entry);
        await using (content.ConfigureAwait(false))
        {
            byte[] head = new byte[Compressors.MagicLength];
            int read = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            CtrCompression found = Compressors.Detect(head.AsSpan(0, read));
            entry.Compression = found;
            return found;
        }
    }
}
