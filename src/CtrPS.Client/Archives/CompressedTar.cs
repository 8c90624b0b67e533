using System.Runtime.CompilerServices;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Archives;

/// <summary>
/// The files in a compressed tar. It can only be read from its start on: the first pass finds the files, keeps the JSON among them and hashes what
/// will be asked for; layers are read in a second one. Owns the handle.
/// </summary>
internal sealed class CompressedTar(SafeFileHandle handle, string path, CtrCompression compression) : ArchiveFiles(path)
{
    /// <summary>Bytes of JSON kept in memory. Archives of thousands of images need less.</summary>
    private const long MaxKept = 64 << 20;

    /// <summary>More than any of the formats puts between two checksums by default.</summary>
    private const long BlockOfCompression = 32 << 20;

    private readonly SemaphoreSlim _passing = new(1);
    private readonly Dictionary<ArchiveEntry, byte[]> _listings = [];
    private readonly Dictionary<ArchiveEntry, CtrCompression> _compressed = [];
    private readonly Dictionary<ArchiveEntry, string> _digests = [];
    private Dictionary<ArchiveEntry, byte[]> _kept = [];
    private bool _endMarked;

    public override CtrCompression Compression => compression;

    public override bool CanSeek => false;

    public override bool EndMarked => _endMarked;

    public override async ValueTask<byte[]> ReadAllAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (_listings.TryGetValue(entry, out byte[]? bytes) || Volatile.Read(ref _kept).TryGetValue(entry, out bytes))
        {
            return bytes;
        }

        // More JSON than is kept: another pass keeps what lies from here on instead, which is what is asked for next.
        await _passing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_kept.TryGetValue(entry, out bytes))
            {
                Volatile.Write(ref _kept, await KeepFromAsync(entry, cancellationToken).ConfigureAwait(false));
                bytes = _kept[entry];
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
            var scanner = new TarScanner(tar, Path);
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
        ValueTask.FromResult(_compressed.GetValueOrDefault(entry, CtrCompression.None));

    public override async ValueTask<string> DigestAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (_digests.TryGetValue(entry, out string? digest))
        {
            return digest;
        }

        await foreach ((_, Stream content) in ReadInOrderAsync(new HashSet<ArchiveEntry> { entry }, cancellationToken).ConfigureAwait(false))
        {
            return await HashAsync(content, new byte[1 << 17], cancellationToken).ConfigureAwait(false);
        }

        throw ArchiveFault.Corrupt(Path, $"the entry '{entry.Name}' is no longer where it was: the file was changed while it was read.");
    }

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
            var scanner = new TarScanner(tar, Path);
            while (await NextAsync(scanner, tar, buffer, cancellationToken).ConfigureAwait(false) is { } item)
            {
                string name = EntryPath.Clean(item.Name, Path);
                if (item.Kind == TarItemKind.File)
                {
                    ArchiveEntry entry = AddFile(name, item.Offset, item.Size);
                    kept += await TakeAsync(entry, scanner.OpenCurrent(), buffer, MaxKept - kept, cancellationToken).ConfigureAwait(false);
                }
                else if (item.Kind != TarItemKind.Other)
                {
                    AddLink(name, EntryPath.Follow(name, item.LinkName, item.Kind == TarItemKind.HardLink, Path));
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

    /// <summary>Takes from an entry in passing what will be asked for. Returns how many bytes it keeps.</summary>
    private async ValueTask<long> TakeAsync(ArchiveEntry entry, Stream content, byte[] buffer, long room, CancellationToken cancellationToken)
    {
        if (IsListing(entry.Name))
        {
            _listings[entry] = await ReadWholeAsync(entry, content, cancellationToken).ConfigureAwait(false);
            return 0;
        }

        Memory<byte> magic = buffer.AsMemory(0, Compressors.MagicLength);
        int read = await content.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> head = magic[..read];
        CtrCompression found = Compressors.Detect(head.Span);
        if (found != CtrCompression.None)
        {
            _compressed[entry] = found;
            if (ArchiveReader.DigestOfName(entry.Name) is null)
            {
                var whole = new PrefixedStream(head.ToArray(), content);
                await using (whole.ConfigureAwait(false))
                {
                    _digests[entry] = await HashAsync(whole, buffer, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        else if (IsJson(head.Span) && entry.Size <= Math.Min(room, ManifestDocument.MaxSize))
        {
            var whole = new PrefixedStream(head.ToArray(), content);
            await using (whole.ConfigureAwait(false))
            {
                _kept[entry] = await ReadWholeAsync(entry, whole, cancellationToken).ConfigureAwait(false);
            }

            return entry.Size;
        }

        return 0;
    }

    private async Task<Dictionary<ArchiveEntry, byte[]>> KeepFromAsync(ArchiveEntry first, CancellationToken cancellationToken)
    {
        var kept = new Dictionary<ArchiveEntry, byte[]>();
        long room = MaxKept;
        var wanted = new HashSet<ArchiveEntry>();
        IEnumerable<ArchiveEntry> following = Entries.Values.Where(entry => entry.Offset >= first.Offset && entry.Size <= ManifestDocument.MaxSize);
        foreach (ArchiveEntry entry in following.OrderBy(entry => entry.Offset))
        {
            if (room < entry.Size)
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

    private CompressedTarStream OpenTar() => new(new FileSlice(handle, Path, 0, RandomAccess.GetLength(handle)), Path, compression);
}
