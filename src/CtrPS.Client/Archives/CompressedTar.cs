using System.Runtime.CompilerServices;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Archives;

/// <summary>
/// The files in a compressed tar. It can only be read from its start on: the first pass finds the files, and keeps what will be asked for, the
/// JSON among them; layers are read in a second one. Owns the handle.
/// </summary>
internal sealed class CompressedTar(SafeFileHandle handle, string path, CtrCompression compression, ArchiveLimits limits) : ArchiveFiles(path, limits)
{
    /// <summary>More than any of the formats puts between two checksums by default.</summary>
    private const long BlockOfCompression = 32 << 20;

    private readonly SemaphoreSlim _passing = new(1);

    /// <summary>What lists the images, by name: an archive can hold many of one name, of which the last counts.</summary>
    private readonly Dictionary<string, (ArchiveEntry Entry, byte[] Bytes)> _listings = new(StringComparer.Ordinal);

    private Dictionary<ArchiveEntry, byte[]> _kept = [];
    private int _passes;
    private bool _endMarked;

    public override CtrCompression Compression => compression;

    public override bool CanSeek => false;

    public override bool EndMarked => _endMarked;

    public override async ValueTask<byte[]> ReadAllAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (_listings.TryGetValue(entry.Name, out (ArchiveEntry Entry, byte[] Bytes) listing) && listing.Entry == entry)
        {
            return listing.Bytes;
        }

        if (Volatile.Read(ref _kept).TryGetValue(entry, out byte[]? bytes))
        {
            return bytes;
        }

        // More JSON than is kept: another pass keeps what lies from here on instead, which is what is asked for next.
        await _passing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_kept.TryGetValue(entry, out bytes))
            {
                CountPass();
                Volatile.Write(ref _kept, []);
                Dictionary<ArchiveEntry, byte[]> kept = await KeepFromAsync(entry, cancellationToken).ConfigureAwait(false);
                bytes = kept.GetValueOrDefault(entry) ?? throw Gone(entry);
                Volatile.Write(ref _kept, kept);
            }

            return bytes;
        }
        finally
        {
            _ = _passing.Release();
        }
    }

    public override Stream Open(ArchiveEntry entry) =>
        throw new InvalidOperationException($"'{Path}' is compressed: its files can only be read in order.");

    public override async IAsyncEnumerable<(ArchiveEntry Entry, Stream Content)> ReadInOrderAsync(
        IReadOnlySet<ArchiveEntry> wanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var byOffset = wanted.ToDictionary(entry => entry.Offset);
        CompressedTarStream tar = OpenTar();
        await using (tar.ConfigureAwait(false))
        {
            var scanner = new TarScanner(tar, ArchiveFault.For(Path), Limits.Entries);
            while (byOffset.Count > 0 && await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                if (item.Kind == TarItemKind.File && byOffset.Remove(item.Offset, out ArchiveEntry? entry))
                {
                    yield return (entry, scanner.OpenCurrent());
                }
            }
        }
    }

    public override ValueTask<CtrCompression> DetectAsync(ArchiveEntry entry, CancellationToken cancellationToken) =>
        ValueTask.FromResult(entry.Compression ?? CtrCompression.None);

    public override void Dispose()
    {
        base.Dispose();
        handle.Dispose();
        _passing.Dispose();
    }

    protected override async Task ScanAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 17];
        long kept = 0;
        CompressedTarStream tar = OpenTar();
        await using (tar.ConfigureAwait(false))
        {
            var scanner = new TarScanner(tar, ArchiveFault.For(Path), Limits.Entries);
            while (await NextAsync(scanner, tar, buffer, cancellationToken).ConfigureAwait(false) is { } item)
            {
                if (Add(item) is { } entry)
                {
                    kept += await TakeAsync(entry, scanner.OpenCurrent(), buffer, Limits.KeptBytes - kept, cancellationToken).ConfigureAwait(false);
                }
            }

            _endMarked = scanner.EndMarked;

            // To the end of the compressed data: its checksum stands there.
            while (await tar.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0)
            {
            }
        }
    }

    /// <summary>The next entry. What is no tar may be damaged compressed data, which some formats tell only at the end of a block.</summary>
    private static async ValueTask<TarItem?> NextAsync(
        TarScanner scanner, CompressedTarStream tar, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await scanner.NextAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.ArchiveUnrecognized or CtrErrorIds.ArchiveCorrupt)
        {
            for (long left = BlockOfCompression; left > 0;)
            {
                int read = await tar.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                left = read == 0 ? 0 : left - read;
            }

            throw;
        }
    }

    /// <summary>Takes from an entry in passing what will be asked for. Returns how many bytes of those that are limited it keeps.</summary>
    private async ValueTask<long> TakeAsync(ArchiveEntry entry, Stream content, byte[] buffer, long room, CancellationToken cancellationToken)
    {
        if (IsListing(entry.Name))
        {
            // Of docker's old list it only matters that it is there.
            if (entry.Name != RepositoriesFile)
            {
                _ = _listings.Remove(entry.Name);
                _listings[entry.Name] = (entry, await ReadWholeAsync(entry, content, cancellationToken).ConfigureAwait(false));
            }

            return 0;
        }

        Memory<byte> magic = buffer.AsMemory(0, Compressors.MagicLength);
        int read = await content.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        entry.Compression = Compressors.Detect(magic.Span[..read]);
        if (!IsJson(magic.Span[..read]) || entry.Size > Math.Min(room, ManifestDocument.MaxSize))
        {
            return 0;
        }

        var whole = new PrefixedStream(magic[..read].ToArray(), content);
        await using (whole.ConfigureAwait(false))
        {
            _kept[entry] = await ReadWholeAsync(entry, whole, cancellationToken).ConfigureAwait(false);
        }

        return entry.Size;
    }

    private void CountPass()
    {
        if (++_passes > Limits.Passes)
        {
            throw ArchiveFault.Limit(
                Path,
                $"its manifests and configs have more than {Limits.KeptBytes} bytes, in an order in which it would have to be unpacked more than "
                    + $"{Limits.Passes} times to read them.",
                $"Unpack the {compression} data beforehand: a tar that is not compressed is read where it lies.");
        }
    }

    private async Task<Dictionary<ArchiveEntry, byte[]>> KeepFromAsync(ArchiveEntry first, CancellationToken cancellationToken)
    {
        var kept = new Dictionary<ArchiveEntry, byte[]>();
        long room = Limits.KeptBytes;
        var wanted = new HashSet<ArchiveEntry>();
        IEnumerable<ArchiveEntry> following =
            Entries.Values.Where(entry => entry == first || (entry.Offset > first.Offset && entry.Size <= ManifestDocument.MaxSize));
        foreach (ArchiveEntry entry in following.OrderBy(entry => entry.Offset))
        {
            if (room < entry.Size && entry != first)
            {
                break;
            }

            room -= wanted.Add(entry) ? entry.Size : 0;
        }

        await foreach ((ArchiveEntry entry, Stream content) in ReadInOrderAsync(wanted, cancellationToken).ConfigureAwait(false))
        {
            kept[entry] = await ReadWholeAsync(entry, content, cancellationToken).ConfigureAwait(false);
        }

        return kept;
    }

    private static async ValueTask<byte[]> ReadWholeAsync(ArchiveEntry entry, Stream content, CancellationToken cancellationToken)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)entry.Size);
        await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    private static bool IsJson(ReadOnlySpan<byte> head) => head.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];

    private CompressedTarStream OpenTar() => new(new FileSlice(handle, ArchiveFault.For(Path), 0, RandomAccess.GetLength(handle)), Path, compression);
}
