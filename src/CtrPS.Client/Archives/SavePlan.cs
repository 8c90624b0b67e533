using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
/// <remarks>
/// A tar of an OCI image layout (image-spec, image-layout.md), of what docker save writes, or both. What says what is in the archive comes first,
/// then manifests and configs, then layers, each in the order of its name: a reader of the stream knows early, and the same images make the same
/// bytes.
/// </remarks>
internal sealed class SavePlan : ICtrSavePlan
{
    private readonly CtrSaveRequest _request;
    private readonly List<(string Name, byte[] Content, UnixFileMode Mode)> _documents = [];
    private readonly MovedBlob[] _blobs;

    public SavePlan(
        CtrSaveRequest request,
        IReadOnlyList<SavedImage> images,
        IEnumerable<MovedBlob> blobs,
        IReadOnlyList<CtrException> faults,
        IReadOnlyList<string> notes)
    {
        _request = request;
        Faults = faults;
        Notes = notes;
        ImageCount = images.Count;
        _blobs = [.. blobs
            .OrderBy(blob => blob.Node.Kind == ImageNodeKind.Layer)
            .ThenBy(blob => blob.Node.Descriptor.Digest, StringComparer.Ordinal)];
        if (request.Format != CtrArchiveFormat.Docker)
        {
            _documents.Add(("oci-layout", SaveDocuments.Layout, TarSink.ReadOnly));
            _documents.Add(("index.json", SaveDocuments.Index(images, isDelta: request.Excluded is not null), TarSink.Writable));
        }

        if (request.Format != CtrArchiveFormat.Oci && SaveDocuments.DockerManifest(images) is { } manifest)
        {
            _documents.Add(("manifest.json", manifest, TarSink.Writable));
        }

        TotalBytes = _documents.Sum(document => TarSink.SizeOf(document.Name, document.Content.Length))
            + Folders.Sum(folder => TarSink.SizeOf(folder, 0))
            + _blobs.Sum(blob => TarSink.SizeOf(TarSink.NameOf(blob.Node.Descriptor), blob.Node.Descriptor.Size))
            + TarSink.EndSize;
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
        var tar = new TarSink(output);
        foreach ((string name, byte[] content, UnixFileMode mode) in _documents)
        {
            await tar.AddFileAsync(name, content, mode, cancellationToken).ConfigureAwait(false);
        }

        foreach (string folder in Folders)
        {
            await tar.AddFolderAsync(folder, cancellationToken).ConfigureAwait(false);
        }

        _ = await new BlobTransfer(tar, "saved", 1, meter).RunAsync(_blobs, cancellationToken).ConfigureAwait(false);
        await tar.CompleteAsync().ConfigureAwait(false);
    }
}
