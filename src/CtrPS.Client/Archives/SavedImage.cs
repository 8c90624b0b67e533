using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>An image on its way into an archive.</summary>
internal sealed class SavedImage
{
    /// <summary>The full name as it stands in the store.</summary>
    public required string Name { get; init; }

    public required Descriptor Target { get; init; }

    public required ImageSource Source { get; init; }

    public required ImageSelection Selection { get; init; }

    /// <summary>What the daemon's machine runs, the best first.</summary>
    public required PlatformMatcher Host { get; init; }

    /// <summary>The target's labels that say from which registry it came.</summary>
    public required IReadOnlyDictionary<string, string> SourceLabels { get; init; }

    /// <summary>The image in words, for messages.</summary>
    public string Words => $"image '{Name}' of {Source.Words}";

    /// <summary>
    /// The manifest that docker's manifest.json describes: the best for the daemon's machine, else the first. Null where none is an image with
    /// all its layers.
    /// </summary>
    public ImageNode? DockerManifest => Selection.Images
        .Where(manifest => manifest.IsFileSystem && !manifest.Layers.Any(Selection.LeftOutLayers.Contains))
        .Select((manifest, i) => (Manifest: manifest, Rank: manifest.Platform is { } platform ? Host.Rank(platform) : null, Order: i))
        .OrderBy(one => one.Rank ?? int.MaxValue).ThenBy(one => one.Order)
        .FirstOrDefault().Manifest;
}
