using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>An image on its way into an archive.</summary>
internal sealed class SavedImage
{
    /// <summary>The full name as it stands in the store.</summary>
    public required string Name { get; init; }

    public required Descriptor Target { get; init; }

    public required SaveSource Source { get; init; }

    public required ImageSelection Selection { get; init; }

    /// <summary>What the daemon's machine runs, the best first.</summary>
    public required PlatformMatcher Host { get; init; }

    /// <summary>The target's labels that say from which registry it came.</summary>
    public required IReadOnlyDictionary<string, string> SourceLabels { get; init; }

    /// <summary>The manifest that docker's manifest.json describes: the best for the daemon's machine, else the first. Null where none is an image with all its layers.</summary>
    public ImageNode? DockerManifest => Selection.Images
        .Where(IsDockerImage)
        .Select((manifest, i) => (Manifest: manifest, Rank: manifest.Platform is { } platform ? Host.Rank(platform) : null, Order: i))
        .OrderBy(one => one.Rank ?? int.MaxValue).ThenBy(one => one.Order)
        .FirstOrDefault().Manifest;

    /// <summary>The manifest that a blob is of. Null for an index, and for a manifest itself.</summary>
    public ImageNode? ManifestOf(ImageNode blob) => Selection.Nodes.FirstOrDefault(node => node.Kind == ImageNodeKind.Manifest && node.Children.Contains(blob));

    private bool IsDockerImage(ImageNode manifest) => manifest.Config is { } config
        && MediaTypes.IsImageConfig(config.Descriptor.MediaType)
        && manifest.Layers.All(layer => MediaTypes.IsLayer(layer.Descriptor.MediaType))
        && !manifest.Layers.Any(Selection.LeftOutLayers.Contains);
}

/// <summary>A blob on its way into an archive.</summary>
/// <param name="Node">The blob.</param>
/// <param name="Image">The first image that needs it, which says where it lies.</param>
internal sealed record SavedBlob(ImageNode Node, SavedImage Image);
