using System.Formats.Tar;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>
/// A tar of images that is written as a stream: documents, then folders, then blobs in the order in which they come. What goes wrong leaves it
/// without its end: it is whole only after <see cref="CompleteAsync"/>.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Reliability", "CA1001", Justification = "The end of a tar is written when all went well only: see CompleteAsync.")]
internal sealed class TarSink(Stream output) : IBlobSink
{
    public const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    public const UnixFileMode Writable = ReadOnly | UnixFileMode.UserWrite;

    private const int Block = 512;
    private const UnixFileMode Folder = Writable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Longest name and largest size that a plain header holds (POSIX ustar).</summary>
    private const int LongestName = 100;
    private const long LargestSize = 0x1_FFFF_FFFF;

    // Disposed when all went well only: its end would else be written to an output that failed, or that nobody reads any more.
    private readonly TarWriter _tar = new(output, TarEntryFormat.Ustar, leaveOpen: true);

    public bool IsSequential => true;

    /// <summary>Bytes of the marks at the end of a tar.</summary>
    public static long EndSize => 2 * Block;

    /// <summary>The name of a blob's file (image-spec, image-layout.md).</summary>
    public static string NameOf(Descriptor blob) => "blobs/" + blob.Digest.Replace(':', '/');

    /// <summary>Bytes of an entry: header, content in whole blocks, and for a long name an entry of its own with a byte 0 at its end.</summary>
    public static long SizeOf(string name, long size) => Block + Blocks(size) + (name.Length > LongestName ? Block + Blocks(name.Length + 1) : 0);

    public Task AddFileAsync(string name, byte[] content, UnixFileMode mode, CancellationToken cancellationToken) =>
        _tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, name, mode, new MemoryStream(content)), cancellationToken);

    public Task AddFolderAsync(string name, CancellationToken cancellationToken) =>
        _tar.WriteEntryAsync(Entry(TarEntryType.Directory, name, Folder, null), cancellationToken);

    public ValueTask<bool> HasAsync(ImageNode blob, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public async Task<BlobOutcome> TakeAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Stream content = await open(0, cancellationToken).ConfigureAwait(false);
        await _tar.WriteEntryAsync(
            Entry(TarEntryType.RegularFile, NameOf(blob.Descriptor), ReadOnly, content), cancellationToken).ConfigureAwait(false);
        return BlobOutcome.Written;
    }

    /// <summary>Writes the end.</summary>
    public ValueTask CompleteAsync() => _tar.DisposeAsync();

    /// <summary>Owner 0 and time 0: nothing of this machine and this moment.</summary>
    private static TarEntry Entry(TarEntryType type, string name, UnixFileMode mode, Stream? content)
    {
        // ustar where it can be said in it: every reader knows it. GNU's way for the rest; the PAX one of TarWriter names our process.
        bool isPlain = name.Length <= LongestName && (content?.Length ?? 0) <= LargestSize;
        TarEntry entry = isPlain ? new UstarTarEntry(type, name) : new GnuTarEntry(type, name);
        entry.Mode = mode;
        entry.ModificationTime = DateTimeOffset.UnixEpoch;
        if (content is not null)
        {
            entry.DataStream = content;
        }

        return entry;
    }

    private static long Blocks(long size) => (size + Block - 1) / Block * Block;
}
