using System.Formats.Tar;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
/// <remarks>
/// A tar of an OCI image layout (image-spec, image-layout.md), of what docker save writes, or both. What says what is in the archive comes first,
/// then manifests and configs, then layers, each in the order of its name: a reader of the stream knows early, and the same images make the same bytes.
/// </remarks>
internal sealed class SavePlan : ICtrSavePlan
{
    private const int Block = 512;
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Writable = ReadOnly | UnixFileMode.UserWrite;
    private const UnixFileMode Folder = Writable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Longest name and largest size that a plain header holds (POSIX ustar).</summary>
    private const int LongestName = 100;
    private const long LargestSize = 0x1_FFFF_FFFF;

    private readonly CtrSaveRequest _request;
    private readonly List<(string Name, byte[] Content, UnixFileMode Mode)> _documents = [];
    private readonly SavedBlob[] _blobs;

    public SavePlan(CtrSaveRequest request, IReadOnlyList<SavedImage> images, IReadOnlyList<SavedBlob> blobs, IReadOnlyList<CtrException> faults, IReadOnlyList<string> notes)
    {
        _request = request;
        Faults = faults;
        Notes = notes;
        ImageCount = images.Count;
        _blobs = [.. blobs.OrderBy(blob => blob.Node.Kind == ImageNodeKind.Layer).ThenBy(blob => blob.Node.Descriptor.Digest, StringComparer.Ordinal)];
        if (request.Format != CtrArchiveFormat.Docker)
        {
            _documents.Add(("oci-layout", SaveDocuments.Layout, ReadOnly));
            _documents.Add(("index.json", SaveDocuments.Index(images, isDelta: request.Excluded is not null), Writable));
        }

        if (request.Format != CtrArchiveFormat.Oci && SaveDocuments.DockerManifest(images) is { } manifest)
        {
            _documents.Add(("manifest.json", manifest, Writable));
        }

        TotalBytes = _documents.Sum(document => SizeInTar(document.Name, document.Content.Length))
            + Folders.Sum(folder => SizeInTar(folder, 0))
            + _blobs.Sum(blob => SizeInTar(NameOf(blob), blob.Node.Descriptor.Size))
            + (2 * Block);
    }

    public IReadOnlyList<CtrException> Faults { get; }

    public IReadOnlyList<string> Notes { get; }

    public int ImageCount { get; }

    public int BlobCount => _blobs.Length;

    public long TotalBytes { get; }

    private IEnumerable<string> Folders => _blobs.Length == 0 ? []
        : _blobs.Select(blob => $"blobs/{blob.Node.Descriptor.Digest.Split(':')[0]}/").Distinct().Order(StringComparer.Ordinal).Prepend("blobs/");

    public async Task WriteAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(meter);
        if (Faults.Count > 0)
        {
            throw Faults[0];
        }

        meter.SetTotal(_blobs.Sum(blob => blob.Node.Descriptor.Size));
        if (_request.Compression == CtrCompression.None)
        {
            await WriteTarAsync(output, meter, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Disposed when all went well only: its end would else be written to an output that failed, or that nobody reads any more.
        Stream compressor = Compressors.Compress(output, _request.Compression, leaveOpen: true);
        await WriteTarAsync(compressor, meter, cancellationToken).ConfigureAwait(false);
        await compressor.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WriteTarAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        // Disposed when all went well only, as above.
        var tar = new TarWriter(output, TarEntryFormat.Ustar, leaveOpen: true);
        foreach ((string name, byte[] content, UnixFileMode mode) in _documents)
        {
            await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, name, mode, new MemoryStream(content)), cancellationToken).ConfigureAwait(false);
        }

        foreach (string folder in Folders)
        {
            await tar.WriteEntryAsync(Entry(TarEntryType.Directory, folder, Folder, null), cancellationToken).ConfigureAwait(false);
        }

        var reader = new BlobReadAhead(_blobs, cancellationToken);
        await using (reader.ConfigureAwait(false))
        {
            var proofs = new Queue<Task>();
            try
            {
                foreach (SavedBlob blob in _blobs)
                {
                    meter.Show(blob.Image.Name);
                    var content = new SavedBlobStream(blob, reader, meter);
                    try
                    {
                        await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, NameOf(blob), ReadOnly, content), cancellationToken).ConfigureAwait(false);
                    }
                    finally
                    {
                        proofs.Enqueue(content.Proof);
                    }

                    while (proofs.TryPeek(out Task? done) && done.IsCompleted)
                    {
                        await proofs.Dequeue().ConfigureAwait(false);
                    }
                }

                while (proofs.TryDequeue(out Task? proof))
                {
                    await proof.ConfigureAwait(false);
                }
            }
            finally
            {
                // Where something else went wrong already, only that nobody works on the bytes any more.
                await ((Task)Task.WhenAll(proofs)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await tar.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Owner 0 and time 0: nothing of this machine and this moment.</summary>
    private static TarEntry Entry(TarEntryType type, string name, UnixFileMode mode, Stream? content)
    {
        // ustar where it can be said in it: every reader knows it. GNU's way for the rest; the PAX one of TarWriter names our process.
        TarEntry entry = IsPlain(name, content?.Length ?? 0) ? new UstarTarEntry(type, name) : new GnuTarEntry(type, name);
        entry.Mode = mode;
        entry.ModificationTime = DateTimeOffset.UnixEpoch;
        if (content is not null)
        {
            entry.DataStream = content;
        }

        return entry;
    }

    private static string NameOf(SavedBlob blob) => "blobs/" + blob.Node.Descriptor.Digest.Replace(':', '/');

    private static bool IsPlain(string name, long size) => name.Length <= LongestName && size <= LargestSize;

    /// <summary>Bytes of an entry: header, content in whole blocks, and for a long name an entry of its own with a byte 0 at its end.</summary>
    private static long SizeInTar(string name, long size) => Block + Blocks(size) + (name.Length > LongestName ? Block + Blocks(name.Length + 1) : 0);

    private static long Blocks(long size) => (size + Block - 1) / Block * Block;
}
