using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Server;
using CtrPS.Client.Snapshots;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
/// <remarks>
/// Everything happens under one lease: bytes, then manifests and indexes with their labels, then snapshots, and the records last. Whatever goes
/// wrong on the way, the end of the lease takes all of it along.
/// </remarks>
internal sealed class ImportPlan : ICtrImportPlan
{
    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly ArchiveReader _archive;
    private readonly IBlobSource _source;
    private readonly CtrImportRequest _request;
    private readonly IReadOnlyList<ImportImage> _images;
    private readonly string? _snapshotter;
    private readonly IReadOnlyDictionary<string, long> _present;
    private readonly ContentStore _content;
    private readonly ImageStore _store;
    private readonly LeaseStore _leases;
    private readonly Unpacker _unpacker;
    private readonly ServerFacts _server;
    private readonly ImageNode[] _blobs;
    private int _written;

    public ImportPlan(
        ArchiveReader archive,
        IBlobSource source,
        CtrImportRequest request,
        IReadOnlyList<ImportImage> images,
        string? snapshotter,
        IReadOnlyDictionary<string, long> present,
        IReadOnlyList<string> warnings,
        ContentStore content,
        ImageStore store,
        LeaseStore leases,
        Unpacker unpacker,
        ServerFacts server)
    {
        _archive = archive;
        _source = source;
        _request = request;
        _images = images;
        _snapshotter = snapshotter;
        _present = present;
        _content = content;
        _store = store;
        _leases = leases;
        _unpacker = unpacker;
        _server = server;
        Warnings = warnings;
        Faults = images.SelectMany(image => image.Choice.Faults).ToArray();
        Names = images.SelectMany(image => image.Names).Concat(request.IndexName is null ? [] : [CtrImageReference.Parse(request.IndexName).ToString()]).Distinct().ToArray();
        _blobs = images.SelectMany(image => image.Choice.Blobs(image.Root)).DistinctBy(node => node.Descriptor.Digest).ToArray();
        ImageNode[] absent = _blobs.Where(node => !present.ContainsKey(node.Descriptor.Digest)).ToArray();
        BlobsToWrite = absent.Length;
        BytesToWrite = absent.Sum(node => node.Descriptor.Size);
        BlobsPresent = _blobs.Length - absent.Length;
    }

    public IReadOnlyList<string> Names { get; }

    public IReadOnlyList<CtrException> Faults { get; }

    public IReadOnlyList<string> Warnings { get; }

    public int BlobsToWrite { get; }

    public long BytesToWrite { get; }

    public int BlobsPresent { get; }

    public async Task<CtrImportOutcome> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.SetTotal(BytesToWrite);
        var warnings = new List<string>();
        Lease lease = await _leases.CreateAsync(_request.Namespace, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            BlobWriter writer = _content.Writer(_request.Namespace, lease.Id);
            await WriteContentAsync(lease, writer, meter, cancellationToken).ConfigureAwait(false);
            var targets = new List<(ImportImage Image, Descriptor Target)>();
            foreach (ImportImage image in _images)
            {
                ImageNode root = image.Root;
                if (image.Docker is { } docker && _request.CompressLayers)
                {
                    var compressor = new DockerLayerCompressor(_content, _leases, _archive, lease, writer);
                    root = await compressor.CompressAsync(root, docker, cancellationToken).ConfigureAwait(false);
                    _written += compressor.Written;
                }

                await WriteManifestsAsync(lease, writer, image, root, cancellationToken).ConfigureAwait(false);
                if (_snapshotter is not null && image.Choice.Host is { } host)
                {
                    _ = await _unpacker.UnpackAsync(lease, ReferenceEquals(host, image.Root) ? root : host, _snapshotter, meter, cancellationToken).ConfigureAwait(false);
                }

                targets.Add((image, root.Descriptor));
            }

            List<CtrImage> made = await RecordAsync(lease, writer, targets, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            await WarnOfCriAsync(warnings, cancellationToken).ConfigureAwait(false);
            return new CtrImportOutcome(made, _written, warnings);
        }
    }

    public ValueTask DisposeAsync() => _archive.DisposeAsync();

    /// <summary>Configs, layers, and whatever else has no children.</summary>
    private async Task WriteContentAsync(Lease lease, BlobWriter writer, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.Show("Writing blobs");
        var replaced = _request.CompressLayers
            ? _images.Where(image => image.Docker is not null).SelectMany(image => image.Docker!.Layers).Where(layer => layer.MediaType == MediaTypes.DockerLayer).Select(layer => layer.Digest).ToHashSet(StringComparer.Ordinal)
            : [];
        var missing = new Dictionary<string, ImageNode>(StringComparer.Ordinal);
        await foreach ((ImageNode node, bool kept) in OrderedParallel.SelectAsync(
            _blobs.Where(node => node.Kind is not (ImageNodeKind.Index or ImageNodeKind.Manifest) && !replaced.Contains(node.Descriptor.Digest)),
            16,
            async (node, token) => (node, await KeepAsync(lease, node.Descriptor, NoLabels, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (!kept)
            {
                missing.Add(node.Descriptor.Digest, node);
            }
        }

        if (_archive.CanSeek)
        {
            // The large ones first: they decide how long it takes.
            await foreach (bool written in OrderedParallel.SelectAsync(
                missing.Values.OrderByDescending(node => node.Descriptor.Size),
                _request.Concurrency,
                (node, token) => WriteAsync(writer, node.Descriptor, () => _source.OpenAsync(node.Descriptor, token), meter, token),
                cancellationToken).ConfigureAwait(false))
            {
                _written += written ? 1 : 0;
            }

            return;
        }

        if (missing.Count > 0)
        {
            await foreach ((string digest, long _, Stream stream) in _archive.ReadBlobsAsync(missing.Keys.ToHashSet(StringComparer.Ordinal), cancellationToken).ConfigureAwait(false))
            {
                _written += await WriteAsync(writer, missing[digest].Descriptor, () => ValueTask.FromResult(stream), meter, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }
    }

    private async Task<bool> WriteAsync(BlobWriter writer, Descriptor blob, Func<ValueTask<Stream>> open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        try
        {
            return await writer.WriteAsync(blob, _ => open(), NoLabels, meter, keepPartial: false, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.BlobCorrupt)
        {
            string owners = string.Join(", ", _images.Where(image => image.Root.All.Any(node => node.Descriptor.Digest == blob.Digest)).Select(image => $"'{image.Names[0]}'"));
            throw new CtrException(e.ErrorId, e.Status, $"The archive '{_request.Path}' is damaged, in {owners}: {e.Message} Nothing was imported.", e)
            {
                Target = blob.Digest,
                RecommendedAction = "Bring the file again and compare its checksum; Test-CtrArchive tells all that is damaged.",
            };
        }
    }

    /// <summary>Manifests and indexes, children before parents, each with the labels that keep its children.</summary>
    private async Task WriteManifestsAsync(Lease lease, BlobWriter writer, ImportImage image, ImageNode root, CancellationToken cancellationToken)
    {
        bool compressed = !ReferenceEquals(root, image.Root);
        IEnumerable<ImageNode> documents = compressed ? [root] : image.Choice.Blobs(root);
        foreach (ImageNode node in documents.Where(node => node.Kind is ImageNodeKind.Index or ImageNodeKind.Manifest))
        {
            IReadOnlyDictionary<string, string> labels = GarbageLabels.For(node.Children.Select(child => child.Descriptor), _request.DiscardUnpackedLayers && node == image.Choice.Host);
            if (!compressed && !await KeepAsync(lease, node.Descriptor, labels, cancellationToken).ConfigureAwait(false))
            {
                ReadOnlyMemory<byte> bytes = await _source.ReadAsync(node.Descriptor, cancellationToken).ConfigureAwait(false);
                _written += await writer.WriteAsync(node.Descriptor, bytes, labels, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }
    }

    /// <summary>Puts a blob that is there under the lease, and adds the labels it lacks.</summary>
    /// <returns>False where it is not there.</returns>
    private async Task<bool> KeepAsync(Lease lease, Descriptor blob, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        if (!_present.ContainsKey(blob.Digest))
        {
            return false;
        }

        // First the lease, then the look: what is still there now stays.
        await _leases.AddBlobAsync(lease, blob.Digest, cancellationToken).ConfigureAwait(false);
        if (await _content.FindAsync(_request.Namespace, blob.Digest, cancellationToken).ConfigureAwait(false) is not { } info)
        {
            return false;
        }

        var lacking = labels.Where(label => !info.Labels.TryGetValue(label.Key, out string? value) || value != label.Value).ToDictionary(StringComparer.Ordinal);
        if (lacking.Count > 0)
        {
            await _content.SetLabelsAsync(_request.Namespace, blob.Digest, lacking, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<List<CtrImage>> RecordAsync(
        Lease lease, BlobWriter writer, List<(ImportImage Image, Descriptor Target)> targets, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        foreach ((ImportImage image, Descriptor target) in targets)
        {
            foreach (string name in image.Names)
            {
                _ = await _store.PutAsync(_request.Namespace, name, target, _request.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
                names.Add(name);
            }
        }

        if (_request.IndexName is not null)
        {
            string name = CtrImageReference.Parse(_request.IndexName).ToString();
            IReadOnlyDictionary<string, string> labels = GarbageLabels.For(_archive.Images.Select(image => image.Target));
            ReadOnlyMemory<byte> bytes = await _archive.ReadAsync(_archive.Index, cancellationToken).ConfigureAwait(false);
            _ = await writer.WriteAsync(_archive.Index, bytes, labels, cancellationToken).ConfigureAwait(false);
            _ = await _store.PutAsync(_request.Namespace, name, _archive.Index, _request.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
            names.Add(name);
        }

        var made = new List<CtrImage>();
        foreach (string name in names.Distinct())
        {
            if (await _store.FindAsync(_request.Namespace, name, CtrImageDetail.Full, cancellationToken).ConfigureAwait(false) is { } image)
            {
                made.Add(image);
            }
        }

        return made;
    }

    /// <summary>Kubernetes' side of containerd hears of new images by their events and then makes a record named by the config's digest: waits for it.</summary>
    private async Task WarnOfCriAsync(List<string> warnings, CancellationToken cancellationToken)
    {
        if (_request.Namespace != "k8s.io" || !await _server.HasCriAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(3);
        foreach (ImportImage image in _images)
        {
            string? id = image.Choice.Host?.Config is { } config && MediaTypes.IsImageConfig(config.Descriptor.MediaType) ? config.Descriptor.Digest : null;
            while (id is not null && await _store.FindAsync(_request.Namespace, id, CtrImageDetail.None, cancellationToken).ConfigureAwait(false) is null)
            {
                if (DateTime.UtcNow > end)
                {
                    warnings.Add($"Kubernetes' interface of containerd has not taken notice of image '{image.Names[0]}' yet; the kubelet may not see it. Look with 'crictl images'.");
                    break;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
