using CtrPS.Client.Archives;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>A blob of an image that is not right.</summary>
/// <param name="Node">Which one.</param>
/// <param name="Fault">What is wrong.</param>
/// <param name="CanBeMended">False where the bytes are what they were made as: the image itself is wrong.</param>
internal sealed record BlobFinding(ImageNode Node, CtrBlobFault Fault, bool CanBeMended = true);

/// <summary>Finds what is missing of an image, and by reading all bytes what is not as it should be.</summary>
/// <param name="source">Where the image is.</param>
/// <param name="root">The image.</param>
/// <param name="isWanted">Which manifests the image must have whole.</param>
/// <param name="onlyWanted">Look at these only; else at all that is there.</param>
internal sealed class FaultFinder(SaveSource source, ImageNode root, Func<ImageNode, bool> isWanted, bool onlyWanted)
{
    private readonly List<BlobFinding> _findings = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private string Where => source.Blobs.Words;

    /// <summary>The blobs that are looked at, those that are not there among them; one that the image refers to twice comes twice.</summary>
    public IEnumerable<ImageNode> Nodes => Below(root);

    /// <summary>Finds what is not there.</summary>
    public async Task<IReadOnlyList<BlobFinding>> FindMissingAsync(CancellationToken cancellationToken)
    {
        await FindMissingAsync(root, null, cancellationToken).ConfigureAwait(false);
        return _findings;
    }

    /// <summary>Finds all that is wrong.</summary>
    /// <returns>Each blob once; and the bytes that were read.</returns>
    public async Task<(IReadOnlyList<BlobFinding> Findings, long BytesRead)> FindAllAsync(BlobHasher hasher, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        _ = await FindMissingAsync(cancellationToken).ConfigureAwait(false);
        ImageNode[] present = Nodes.Where(node => node.StoredSize is not null).DistinctBy(node => node.Descriptor.Digest).ToArray();

        // All at once: how many are read side by side is the hasher's to say.
        BlobReading[] readings = await Task.WhenAll(present.Select(node => hasher.ReadAsync(source.Namespace, node.Descriptor, IsUnpackable(node), meter, cancellationToken))).ConfigureAwait(false);
        Dictionary<string, BlobReading> byDigest = present.Zip(readings).ToDictionary(pair => pair.First.Descriptor.Digest, pair => pair.Second, StringComparer.Ordinal);
        Judge(root, null, byDigest);
        foreach (ImageNode manifest in Nodes.Where(node => node.Kind == ImageNodeKind.Manifest))
        {
            await CompareDiffIdsAsync(manifest, byDigest, cancellationToken).ConfigureAwait(false);
        }

        return (_findings, readings.Sum(reading => reading.Size));
    }

    /// <summary>A layer of a file system that the daemon could unpack by itself.</summary>
    private static bool IsUnpackable(ImageNode node) =>
        node.Kind == ImageNodeKind.Layer && MediaTypes.IsLayer(node.Descriptor.MediaType) && !node.Descriptor.MediaType.EndsWith("+encrypted", StringComparison.Ordinal);

    private IEnumerable<ImageNode> Below(ImageNode node) =>
        onlyWanted && node.Kind == ImageNodeKind.Manifest && !isWanted(node) ? [] : node.Children.SelectMany(Below).Prepend(node);

    private async Task FindMissingAsync(ImageNode node, ImageNode? manifest, CancellationToken cancellationToken)
    {
        if (node.Kind == ImageNodeKind.Manifest)
        {
            if (!isWanted(node))
            {
                return;
            }

            manifest = node;
        }

        if (node.StoredSize is null && (manifest is not null || node == root || (node.Kind is ImageNodeKind.Index or ImageNodeKind.Other && isWanted(node))) && _known.Add(node.Descriptor.Digest))
        {
            MissingCause cause = await source.CauseAsync(node, manifest, cancellationToken).ConfigureAwait(false);
            _findings.Add(new BlobFinding(node, BlobFaults.Missing(node, manifest?.Platform, Where, cause)));
        }

        foreach (ImageNode child in node.Children)
        {
            await FindMissingAsync(child, manifest, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Judge(ImageNode node, ImageNode? manifest, Dictionary<string, BlobReading> readings)
    {
        if (node.Kind == ImageNodeKind.Manifest)
        {
            manifest = node;
        }

        if (readings.TryGetValue(node.Descriptor.Digest, out BlobReading? reading) && Judge(node, manifest?.Platform, reading) is { } finding && _known.Add(node.Descriptor.Digest))
        {
            _findings.Add(finding);
        }

        foreach (ImageNode child in node.Children)
        {
            Judge(child, manifest, readings);
        }
    }

    private BlobFinding? Judge(ImageNode node, CtrPlatform? platform, BlobReading reading)
    {
        if (reading.Failure is { } failure)
        {
            return new BlobFinding(node, BlobFaults.Unreadable(node, platform, Where, failure));
        }

        if (reading.Digest != node.Descriptor.Digest)
        {
            return new BlobFinding(node, BlobFaults.WrongBytes(node, platform, Where, reading));
        }

        // The bytes are those of the digest: what is wrong now was made so.
        if (reading.Size != node.Descriptor.Size || node.Fault is not null)
        {
            string reason = reading.Size != node.Descriptor.Size ? $"has {reading.Size} bytes, but what refers to it says {node.Descriptor.Size}." : $"is wrong in itself. {node.Fault!.Message}";
            return new BlobFinding(node, BlobFaults.Inconsistent(node, platform, reason), CanBeMended: false);
        }

        return IsUnpackable(node) && reading.DecompressFault is { } undecodable
            ? new BlobFinding(node, BlobFaults.Inconsistent(node, platform, $"does not decompress: {undecodable}"), CanBeMended: false)
            : null;
    }

    /// <summary>The layers must decompress to what the config says.</summary>
    private async Task CompareDiffIdsAsync(ImageNode manifest, Dictionary<string, BlobReading> readings, CancellationToken cancellationToken)
    {
        ImageNode[] layers = manifest.Layers.ToArray();
        if (manifest.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType) || _known.Contains(config.Descriptor.Digest) || !layers.All(IsUnpackable))
        {
            return;
        }

        ImageConfig parsed;
        try
        {
            parsed = ImageConfig.Parse(await source.Blobs.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false), config.Descriptor);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing)
        {
            Add(config, $"is wrong in itself. {e.Message}");
            return;
        }

        if (parsed.DiffIds.Count != layers.Length)
        {
            Add(config, $"names {parsed.DiffIds.Count} layers, but its manifest has {layers.Length}.");
            return;
        }

        for (int i = 0; i < layers.Length; i++)
        {
            if (readings.TryGetValue(layers[i].Descriptor.Digest, out BlobReading? reading) && reading.DiffId is { } diffId && diffId != parsed.DiffIds[i])
            {
                Add(layers[i], $"decompresses to {diffId}, but the config says {parsed.DiffIds[i]}.");
            }
        }

        void Add(ImageNode node, string reason)
        {
            if (_known.Add(node.Descriptor.Digest))
            {
                _findings.Add(new BlobFinding(node, BlobFaults.Inconsistent(node, manifest.Platform, reason), CanBeMended: false));
            }
        }
    }
}
