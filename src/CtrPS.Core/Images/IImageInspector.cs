namespace CtrPS;

/// <summary>Looks into images that are there. What is told of an image is told for a platform.</summary>
internal interface IImageInspector
{
    /// <summary>The config.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">The platform, exactly so. Null: the one that the daemon runs, else the first that is here.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.PlatformNotFound"/>; <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>; <see
    /// cref="CtrErrorIds.NotSupported"/> for an artifact, which has no config that tells how it is run.
    /// </exception>
    Task<CtrImageConfig> ReadConfigAsync(CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken);

    /// <summary>The steps by which it was made, newest first.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">As for the config.</param>
    /// <param name="snapshotter">Where layers are looked for. Null: the namespace's.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">As for the config.</exception>
    Task<IReadOnlyList<CtrImageHistoryEntry>> ReadHistoryAsync(
        CtrImage image, CtrPlatform? platform, string? snapshotter, CancellationToken cancellationToken);

    /// <summary>Which images of a namespace have which blobs: read once, for all whose layers are looked at.</summary>
    Task<CtrBlobUsers> ReadUsersAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The layers, bottom first.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">As for the config.</param>
    /// <param name="snapshotter">Where layers are looked for. Null: the namespace's.</param>
    /// <param name="users">Who has the layers, of the image's namespace.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">As for the config.</exception>
    Task<IReadOnlyList<CtrImageLayer>> ReadLayersAsync(
        CtrImage image, CtrPlatform? platform, string? snapshotter, CtrBlobUsers users, CancellationToken cancellationToken);

    /// <summary>What the name points to.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">The manifest for this platform. Null: what the name points to itself, a manifest or an index.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">As for the config, but for artifacts.</exception>
    Task<CtrImageManifest> ReadManifestAsync(CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken);

    /// <summary>Everything that the image lists, a parent before its children, each in its place.</summary>
    Task<IReadOnlyList<CtrImageBlob>> ReadTreeAsync(CtrImage image, CancellationToken cancellationToken);

    /// <summary>How much room images take.</summary>
    /// <param name="images">Images of one namespace.</param>
    /// <param name="snapshotter">Where layers are looked for. Null: the namespace's.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>In the order of the images.</returns>
    Task<IReadOnlyList<CtrImageUsage>> MeasureAsync(
        IReadOnlyList<CtrImage> images, string? snapshotter, CancellationToken cancellationToken);
}

/// <summary>Which images of a namespace have which blobs.</summary>
/// <param name="Users">By digest: the names of images, and what these point to.</param>
internal sealed record CtrBlobUsers(ILookup<string, (string Name, string Target)> Users)
{
    /// <summary>The images that have a blob, but for those that are the image itself by another name.</summary>
    public IReadOnlyList<string> OthersOf(string digest, CtrImage image) =>
        [.. Users[digest].Where(user => user.Target != image.Digest).Select(user => user.Name)];
}
