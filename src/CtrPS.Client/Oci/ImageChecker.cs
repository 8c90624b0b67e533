namespace CtrPS.Client.Oci;

/// <summary>A blob of an image that is not right.</summary>
/// <param name="Node">Which one.</param>
/// <param name="Fault">What is wrong.</param>
/// <param name="CanBeMended">False where the bytes are what they were made as: the image itself is wrong.</param>
internal sealed record BlobFinding(ImageNode Node, CtrBlobFault Fault, bool CanBeMended = true);

/// <summary>Finds what is missing or damaged of an image, wherever it is.</summary>
/// <param name="source">Where the image is.</param>
/// <param name="root">The image.</param>
/// <param name="isWanted">Which manifests (and what else an index lists) must be there whole.</param>
/// <param name="onlyWanted">Look at these manifests only; else at all that is there.</param>
/// <param name="inflate">Also decompress layers that are read; else only plain ones are compared with what the config says.</param>
internal sealed class ImageChecker(IBlobSource source, ImageNode root, Func<ImageNode, bool> isWanted, bool onlyWanted, bool inflate)
{
    private readonly List<BlobFinding> _findings = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The blobs that are looked at, each once: those that are there, and those that should be.</summary>
    public IReadOnlyList<ImageNode> Blobs => [.. Places
        .Where(place => place.Node.StoredSize is not null || Counts(place.Node, place.Manifest))
        .Select(place => place.Node)
        .DistinctBy(node => node.Descriptor.Digest)];

    private IEnumerable<(ImageNode Node, ImageNode? Manifest)> Places =>
        root.WithManifests(node => !onlyWanted || node.Kind != ImageNodeKind.Manifest || isWanted(node));

    /// <summary>The blobs of an image that can be read, and whether to decompress them.</summary>
    public IReadOnlyList<(Descriptor Blob, bool Inflate)> Readable =>
        [.. Blobs.Where(node => node.StoredSize is not null).Select(node => (node.Descriptor, inflate && IsUnpackable(node)))];

    /// <summary>Finds what is not there, and what the walk found damaged.</summary>
    public Task<IReadOnlyList<BlobFinding>> FindKnownAsync(CancellationToken cancellationToken) => FindKnownAsync(_ => true, cancellationToken);

    /// <summary>Finds all that is wrong, by reading everything.</summary>
    /// <returns>Each blob once; and the bytes that were read.</returns>
    public async Task<(IReadOnlyList<BlobFinding> Findings, long BytesRead)> FindAllAsync(
        BlobHasher hasher, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        _ = await FindKnownAsync(node => node.StoredSize is null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<(Descriptor Blob, bool Inflate)> present = Readable;
        BlobReading[] readings = await hasher.ReadAllAsync(source, present, meter, cancellationToken).ConfigureAwait(false);
        Dictionary<string, BlobReading> byDigest =
            present.Zip(readings).ToDictionary(pair => pair.First.Blob.Digest, pair => pair.Second, StringComparer.Ordinal);
        foreach ((ImageNode node, ImageNode? manifest) in Places)
        {
            if (byDigest.TryGetValue(node.Descriptor.Digest, out BlobReading? reading) && Judge(node, manifest, reading) is { } finding)
            {
                Add(finding);
            }
        }

        foreach (ImageNode manifest in Places
            .Select(place => place.Node)
            .Where(node => node.Kind == ImageNodeKind.Manifest)
            .DistinctBy(node => node.State))
        {
            await CompareDiffIdsAsync(manifest, byDigest, cancellationToken).ConfigureAwait(false);
        }

        return (_findings, readings.Sum(reading => reading.Size));
    }

    /// <summary>A layer of a file system that the daemon could unpack by itself.</summary>
    private static bool IsUnpackable(ImageNode node) => node.Kind == ImageNodeKind.Layer
        && MediaTypes.IsLayer(node.Descriptor.MediaType)
        && !node.Descriptor.MediaType.EndsWith("+encrypted", StringComparison.Ordinal);

    private async Task<IReadOnlyList<BlobFinding>> FindKnownAsync(Func<ImageNode, bool> isMeant, CancellationToken cancellationToken)
    {
        foreach ((ImageNode node, ImageNode? manifest) in root.WithManifests(node => node.Kind != ImageNodeKind.Manifest || isWanted(node)))
        {
            if (node.IsSound || !isMeant(node) || !Counts(node, manifest) || _known.Contains(node.Descriptor.Digest))
            {
                continue;
            }

            Add(Digests.IsValid(node.Descriptor.Digest)
                ? new BlobFinding(node, await BlobFaults.OfAsync(node, manifest, source, cancellationToken).ConfigureAwait(false))
                : new BlobFinding(node, BlobFaults.NoDigest(node, manifest), CanBeMended: false));
        }

        return _findings;
    }

    private bool Counts(ImageNode node, ImageNode? manifest) => node == root || isWanted(manifest ?? node);

    private BlobFinding? Judge(ImageNode node, ImageNode? manifest, BlobReading reading)
    {
        if (reading.Failure is { } failure)
        {
            return new BlobFinding(node, BlobFaults.Damaged(node, manifest, source, failure));
        }

        if (reading.Digest != node.Descriptor.Digest)
        {
            return new BlobFinding(node, BlobFaults.WrongBytes(node, manifest, source, reading.Digest, reading.Size));
        }

        // The bytes are those of the digest: what is wrong now was made so.
        string? wrong = reading.Size != node.Descriptor.Size ? $"has {reading.Size} bytes, but its descriptor says {node.Descriptor.Size}."
            : node.Fault is { } fault ? $"is wrong in itself. {fault.Message}"
            : reading.DecompressFault is { } undecodable ? $"does not decompress: {undecodable}"
            : null;
        return wrong is null ? null : new BlobFinding(node, BlobFaults.Inconsistent(node, manifest, wrong), CanBeMended: false);
    }

    /// <summary>The layers must decompress to what the config says.</summary>
    private async Task CompareDiffIdsAsync(ImageNode manifest, Dictionary<string, BlobReading> readings, CancellationToken cancellationToken)
    {
        ImageNode[] layers = [.. manifest.Layers];
        if (manifest.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType)
            || _known.Contains(config.Descriptor.Digest) || !layers.All(IsUnpackable))
        {
            return;
        }

        ImageConfig parsed;
        try
        {
            ReadOnlyMemory<byte> bytes = await source.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false);
            parsed = ImageConfig.Parse(bytes, config.Descriptor);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing)
        {
            AddMadeWrong(config, $"is wrong in itself. {e.Message}");
            return;
        }

        if (parsed.DiffIds.Count != layers.Length)
        {
            AddMadeWrong(
                config,
                $"does not fit. It describes {parsed.DiffIds.Count} layers, and the manifest '{manifest.Descriptor.Digest}' has {layers.Length}.");
            return;
        }

        for (int i = 0; i < layers.Length; i++)
        {
            if (readings.TryGetValue(layers[i].Descriptor.Digest, out BlobReading? reading)
                && (reading.DiffId ?? PlainDiffId(layers[i].Descriptor)) is { } diffId && diffId != parsed.DiffIds[i])
            {
                AddMadeWrong(layers[i], $"decompresses to {diffId}, but the config says {parsed.DiffIds[i]}.");
            }
        }

        void AddMadeWrong(ImageNode node, string reason) =>
            Add(new BlobFinding(node, BlobFaults.Inconsistent(node, manifest, reason), CanBeMended: false));
    }

    /// <summary>What a layer that is not compressed unpacks to: itself. Null for others.</summary>
    private static string? PlainDiffId(Descriptor layer) =>
        layer.MediaType is MediaTypes.OciLayer or MediaTypes.DockerLayer && layer.Digest.StartsWith("sha256:", StringComparison.Ordinal)
            ? layer.Digest
            : null;

    private void Add(BlobFinding finding)
    {
        if (_known.Add(finding.Node.Descriptor.Digest))
        {
            _findings.Add(finding);
        }
    }
}
