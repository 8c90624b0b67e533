using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
/// <remarks>
/// Images that are there already as they are wanted are left alone. For the others everything happens under one lease: bytes, then manifests and
/// indexes with their labels, then snapshots, and the records last. Whatever goes wrong on the way, the end of the lease takes all of it along.
/// </remarks>
internal sealed class ImportPlan : ICtrImportPlan
{
    /// <summary>Calls about records under way at the same time.</summary>
    private const int RecordConcurrency = 16;

    private readonly ContainerdConnection _connection;
    private readonly ArchiveReader _archive;
    private readonly IBlobSource _source;
    private readonly CtrImportRequest _request;
    private readonly IReadOnlyList<ImportImage> _images;
    private readonly string? _snapshotter;

    public ImportPlan(
        ContainerdConnection connection,
        ArchiveReader archive,
        IBlobSource source,
        CtrImportRequest request,
        IReadOnlyList<ImportImage> images,
        string? snapshotter,
        IReadOnlyDictionary<string, long> present,
        IReadOnlyList<CtrException> faults,
        IReadOnlyList<string> warnings)
    {
        _connection = connection;
        _archive = archive;
        _source = source;
        _request = request;
        _images = images;
        _snapshotter = snapshotter;
        Faults = faults;
        Warnings = warnings;
        Names = [.. images.SelectMany(image => image.Names).Concat(IndexNames).Distinct()];
        ImageNode[] blobs = [.. images.SelectMany(image => image.Selection.Nodes).DistinctBy(node => node.Descriptor.Digest)];
        ImageNode[] absent = [.. blobs.Where(node => !present.ContainsKey(node.Descriptor.Digest))];
        BlobsToWrite = absent.Length;
        BytesToWrite = absent.Sum(node => node.Descriptor.Size);
        BlobsPresent = blobs.Length - absent.Length;
    }

    public IReadOnlyList<string> Names { get; }

    public IReadOnlyList<CtrException> Faults { get; }

    public IReadOnlyList<string> Warnings { get; }

    public int BlobsToWrite { get; }

    public long BytesToWrite { get; }

    public int BlobsPresent { get; }

    private IEnumerable<string> IndexNames => _request.IndexName is null ? [] : [CtrImageReference.Parse(_request.IndexName).ToString()];

    public async Task<CtrImportOutcome> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        string @namespace = _request.Namespace;
        NamespaceView there = await NamespaceView.ReadAsync(_connection, @namespace, Names, _snapshotter, cancellationToken).ConfigureAwait(false);
        var left = new List<ImportImage>();
        foreach (ImportImage image in _images)
        {
            if (!await IsThereAsync(image, there, cancellationToken).ConfigureAwait(false))
            {
                left.Add(image);
            }
        }

        int written = left.Count > 0 || _request.IndexName is not null
            ? await WriteAsync(left, there.Blobs, meter, cancellationToken).ConfigureAwait(false)
            : 0;
        var made = new Dictionary<string, CtrImage>(StringComparer.Ordinal);
        await foreach (CtrImage image in
            NamespaceView.FindAsync(_connection, @namespace, Names, CtrImageDetail.Full, cancellationToken).ConfigureAwait(false))
        {
            made[image.Name] = image;
        }

        IReadOnlyList<string> warnings = await KubernetesNotice.WaitAsync(
            _connection, @namespace, [.. _images.Select(image => (image.Names[0], image.Host))], cancellationToken).ConfigureAwait(false);
        return new CtrImportOutcome([.. Names.Where(made.ContainsKey).Select(name => made[name])], written, warnings);
    }

    public ValueTask DisposeAsync() => _archive.DisposeAsync();

    /// <summary>Whether nothing is to be done for an image.</summary>
    private async ValueTask<bool> IsThereAsync(ImportImage image, NamespaceView there, CancellationToken cancellationToken) =>
        !_request.DiscardUnpackedLayers
        && !IsToBeCompressed(image)
        && image.Names.All(name => there.HasRecord(name, image.Root.Descriptor, _request.Labels))
        && there.HasBlobs(image.Selection.Nodes, NamespaceSink.LabelsOf)
        && (_snapshotter is null || image.Host is null || await there.IsUnpackedAsync(image.Host, _source, cancellationToken).ConfigureAwait(false));

    private bool IsToBeCompressed(ImportImage image) =>
        _request.CompressLayers && image.Docker?.Layers.Any(layer => layer.MediaType == MediaTypes.DockerLayer) == true;

    /// <returns>The blobs that were written.</returns>
    private async Task<int> WriteAsync(
        IReadOnlyList<ImportImage> images, IReadOnlyDictionary<string, BlobInfo> listing, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Lease lease = await _connection.Leases.CreateAsync(_request.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            HashSet<string> discarding =
                _request.DiscardUnpackedLayers ? [.. images.Select(image => image.Host?.Descriptor.Digest).OfType<string>()] : [];
            var sink = new NamespaceSink(_connection.Content, _connection.Leases, lease)
            {
                Listing = listing,
                Labels = node => discarding.Contains(node.Descriptor.Digest)
                    ? GarbageLabels.For(node.Children.Select(child => child.Descriptor), withoutLayers: true)
                    : NamespaceSink.LabelsOf(node),
            };
            var transfer = new BlobTransfer(sink, "imported", _request.Concurrency, meter);
            TransferTally tally = await transfer.RunAsync(BlobsOf(images), cancellationToken).ConfigureAwait(false);
            BlobWriter writer = _connection.Content.Writer(lease);
            (Dictionary<ImportImage, ImageNode> compressed, int made) =
                await CompressAsync(images, lease, writer, cancellationToken).ConfigureAwait(false);
            await UnpackAsync(images, compressed, lease, meter, cancellationToken).ConfigureAwait(false);
            await RecordAsync(images, compressed, lease, writer, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            return tally.Written + made;
        }
    }

    /// <summary>What is brought as it is: plain layers that are to be compressed, and the manifests that name them, are not.</summary>
    private MovedBlob[] BlobsOf(IReadOnlyList<ImportImage> images)
    {
        HashSet<string> replaced = [.. images.Where(IsToBeCompressed)
            .SelectMany(image => image.Docker!.Layers.Where(layer => layer.MediaType == MediaTypes.DockerLayer).Select(layer => layer.Digest)
                .Append(image.Root.Descriptor.Digest))];
        return [.. images
            .SelectMany(image => image.Selection.Nodes.Select(node => new MovedBlob(node, image.Selection.ManifestOf(node), _source, image.Words)))
            .Where(blob => !replaced.Contains(blob.Node.Descriptor.Digest))
            .DistinctBy(blob => blob.Node.Descriptor.Digest)];
    }

    private async Task<(Dictionary<ImportImage, ImageNode> Compressed, int Written)> CompressAsync(
        IReadOnlyList<ImportImage> images, Lease lease, BlobWriter writer, CancellationToken cancellationToken)
    {
        var compressed = new Dictionary<ImportImage, ImageNode>(ReferenceEqualityComparer.Instance);
        int written = 0;
        foreach (ImportImage image in images.Where(IsToBeCompressed))
        {
            var compressor = new DockerLayerCompressor(_connection.Content, _connection.Leases, _archive, lease, writer);
            compressed[image] = await compressor.CompressAsync(image.Root, image.Docker!, cancellationToken).ConfigureAwait(false);
            written += compressor.Written;
        }

        return (compressed, written);
    }

    private async Task UnpackAsync(
        IReadOnlyList<ImportImage> images,
        Dictionary<ImportImage, ImageNode> compressed,
        Lease lease,
        CtrTransferMeter meter,
        CancellationToken cancellationToken)
    {
        if (_snapshotter is null)
        {
            return;
        }

        IEnumerable<(ImageNode Manifest, string Words)> manifests = images
            .Where(image => image.Host is not null)
            .Select(image => (Manifest: compressed.GetValueOrDefault(image, image.Host!), image.Words))
            .DistinctBy(one => one.Manifest.Descriptor.Digest);
        await foreach (bool _ in OrderedParallel.SelectAsync(
            manifests,
            _request.Concurrency,
            (one, token) => UnpackAsync(one.Manifest, one.Words, lease, meter, token),
            cancellationToken).ConfigureAwait(false))
        {
        }
    }

    private async Task<bool> UnpackAsync(
        ImageNode manifest, string words, Lease lease, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        try
        {
            return await _connection.Unpacker.UnpackAsync(
                lease, manifest, _snapshotter!, meter, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            throw new CtrException(e.ErrorId, e.Status, $"The {words} cannot be unpacked. {e.Message}", e)
            {
                Target = e.Target,
                RecommendedAction = e.RecommendedAction ?? "Test-CtrArchive -Deep tells what is wrong with its layers; -NoUnpack imports it packed.",
                Details = e.Details,
            };
        }
    }

    private async Task RecordAsync(
        IReadOnlyList<ImportImage> images,
        Dictionary<ImportImage, ImageNode> compressed,
        Lease lease,
        BlobWriter writer,
        CancellationToken cancellationToken)
    {
        List<(string Name, Descriptor Target)> records =
            [.. images.SelectMany(image => image.Names.Select(name => (name, compressed.GetValueOrDefault(image, image.Root).Descriptor)))];
        foreach (string name in IndexNames)
        {
            IReadOnlyDictionary<string, string> labels = GarbageLabels.For(_archive.Images.Select(image => image.Target));
            ReadOnlyMemory<byte> bytes = await _archive.ReadAsync(_archive.Index, cancellationToken).ConfigureAwait(false);
            _ = await writer.WriteAsync(_archive.Index, bytes, labels, cancellationToken).ConfigureAwait(false);
            records.Add((name, _archive.Index));
        }

        // A name that comes twice is the later one's.
        await foreach (CtrImage _ in OrderedParallel.SelectAsync(
            records.GroupBy(record => record.Name, StringComparer.Ordinal).Select(same => same.Last()),
            RecordConcurrency,
            (record, token) => _connection.Images.PutAsync(_request.Namespace, record.Name, record.Target, _request.Labels, lease.Id, token),
            cancellationToken).ConfigureAwait(false))
        {
        }
    }
}
