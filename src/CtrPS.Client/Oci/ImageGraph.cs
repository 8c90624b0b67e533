namespace CtrPS.Client.Oci;

/// <summary>Reads an image from its target down: every blob that belongs to it, for all platforms, and whether it is there. Faults are told on the nodes, not thrown.</summary>
internal static class ImageGraph
{
    /// <summary>Indexes in indexes deeper than this are not followed: nobody makes them, and a loop of crafted ones would not end.</summary>
    private const int MaxDepth = 8;

    /// <summary>Questions about blobs under way at the same time.</summary>
    private const int Concurrency = 16;

    /// <summary>Reads the graph below <paramref name="target"/>.</summary>
    public static Task<ImageNode> ReadAsync(IBlobSource source, Descriptor target, CancellationToken cancellationToken)
    {
        ImageNodeKind kind = KindOf(target, ImageNodeKind.Other);
        return ReadAsync(source, target, kind, 0, cancellationToken);
    }

    private static async Task<ImageNode> ReadAsync(IBlobSource source, Descriptor descriptor, ImageNodeKind kind, int depth, CancellationToken cancellationToken)
    {
        long? size = await source.FindAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        if (size is null)
        {
            return new ImageNode { Descriptor = descriptor, Kind = kind, Platform = kind == ImageNodeKind.Manifest ? descriptor.Platform : null };
        }

        if (size != descriptor.Size)
        {
            return new ImageNode { Descriptor = descriptor, Kind = kind, StoredSize = size, Platform = descriptor.Platform, Fault = WrongSize(source, descriptor, size.Value) };
        }

        if (kind is not (ImageNodeKind.Index or ImageNodeKind.Manifest) || depth >= MaxDepth)
        {
            return new ImageNode { Descriptor = descriptor, Kind = kind, StoredSize = size };
        }

        ManifestDocument document;
        try
        {
            document = ManifestDocument.Parse(await source.ReadAsync(descriptor, cancellationToken).ConfigureAwait(false), descriptor);
        }
        catch (CtrException e) when (IsBlobFault(e))
        {
            // Missing although found a moment ago: collected in between, or its file is gone under the store.
            return new ImageNode { Descriptor = descriptor, Kind = kind, StoredSize = size, Platform = descriptor.Platform, Fault = e };
        }

        var children = new List<ImageNode>(document.Children.Count);
        await foreach (ImageNode child in OrderedParallel.SelectAsync(
            document.Children.Select((child, i) => (Descriptor: child, Kind: document.IsIndex ? KindOf(child, ImageNodeKind.Other) : i == 0 && document.HasConfig ? ImageNodeKind.Config : ImageNodeKind.Layer)),
            Concurrency,
            (child, token) => ReadAsync(source, child.Descriptor, child.Kind, depth + 1, token),
            cancellationToken).ConfigureAwait(false))
        {
            children.Add(child);
        }

        CtrPlatform? platform = null;
        if (kind == ImageNodeKind.Manifest)
        {
            platform = descriptor.Platform ?? await ConfigPlatformAsync(source, children, cancellationToken).ConfigureAwait(false);
        }

        return new ImageNode { Descriptor = descriptor, Kind = kind, StoredSize = size, Platform = platform, Children = children };
    }

    private static async Task<CtrPlatform?> ConfigPlatformAsync(IBlobSource source, List<ImageNode> children, CancellationToken cancellationToken)
    {
        if (children is not [{ Kind: ImageNodeKind.Config, IsSound: true } config, ..] || !MediaTypes.IsImageConfig(config.Descriptor.MediaType))
        {
            return null;
        }

        try
        {
            return ManifestDocument.ParseConfigPlatform(await source.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false), config.Descriptor);
        }
        catch (CtrException e) when (IsBlobFault(e))
        {
            // The config's own fault comes out when its bytes are needed; here it only leaves the platform unknown.
            return null;
        }
    }

    private static ImageNodeKind KindOf(Descriptor descriptor, ImageNodeKind other) =>
        MediaTypes.IsIndex(descriptor.MediaType) ? ImageNodeKind.Index : MediaTypes.IsManifest(descriptor.MediaType) ? ImageNodeKind.Manifest : other;

    private static bool IsBlobFault(CtrException e) => e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt;

    private static CtrException WrongSize(IBlobSource source, Descriptor descriptor, long size) => new(
        CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{descriptor.Digest}' has {size} bytes in {source.Words}, but its descriptor says {descriptor.Size}.")
    {
        Target = descriptor.Digest,
    };
}
