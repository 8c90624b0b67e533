namespace CtrPS;

/// <summary>The image records of containerd. All names are literal, as they stand in the store, unless said otherwise.</summary>
internal interface IImageStore
{
    /// <summary>
    /// Lists images in the server's order, by name: one for each name, with the aliases that it has. The number of calls does not grow with the
    /// number of images whose manifests were read before.
    /// </summary>
    IAsyncEnumerable<CtrImage> ListAsync(CtrImageQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Finds what a user means: the record of that name, else of the name completed by docker's rules, else the image whose digest or config begins
    /// with these six or more hex digits, with or without <c>sha256:</c>.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="given">What the user wrote. No pattern.</param>
    /// <param name="detail">What to read about it.</param>
    /// <param name="allRecords">Take records as they are; see <see cref="CtrImageQuery.AllRecords"/>.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>
    /// The image; under all its names where an alias or hex digits were given. Empty where there is none, or none for the platforms of <paramref
    /// name="detail"/>.
    /// </returns>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.AmbiguousReference"/>: the hex digits are those of several images. <see cref="CtrErrorIds.InvalidReference"/>: it is
    /// not in the store and cannot be a name.
    /// </exception>
    Task<IReadOnlyList<CtrImage>> LookUpAsync(
        string @namespace, string given, CtrImageDetail detail, bool allRecords, CancellationToken cancellationToken);

    /// <summary>
    /// Finds a record by its name, else by the name completed by docker's rules. Null where neither is there.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/> when the name is not in the store and cannot be one.</exception>
    Task<CtrImage?> FindAsync(string @namespace, string givenName, CtrImageDetail detail, CancellationToken cancellationToken);

    /// <summary>Reads what tells the relatives of an image: its layers.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platforms">What it has for these, each exactly so. Empty: for all that are here.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>: of none of its platforms manifest and config are here. <see cref="CtrErrorIds.PlatformNotFound"/>.
    /// </exception>
    Task<CtrImageKin> ReadKinAsync(CtrImage image, IReadOnlyList<CtrPlatform> platforms, CancellationToken cancellationToken);

    /// <summary>
    /// Finds the relatives of an image in a namespace. The number of calls does not grow with the number of images whose documents were read before.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="of">The image whose relatives are looked for. It is none of them, under whatever name.</param>
    /// <param name="kinship">Which relatives.</param>
    /// <param name="platforms">Look at what images have for these, each exactly so. Empty: at all that is here.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>The digests that their names point to.</returns>
    Task<IReadOnlySet<string>> FindKinAsync(
        string @namespace, CtrImageKin of, CtrKinship kinship, IReadOnlyList<CtrPlatform> platforms, CancellationToken cancellationToken);

    /// <summary>Makes a record that points to what <paramref name="source"/> points to, with its labels.</summary>
    /// <param name="source">The image to name again.</param>
    /// <param name="name">The new full name.</param>
    /// <param name="replace">Move the name when it points to something else.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageExists"/> when the name points elsewhere and is not to be replaced.</exception>
    Task<CtrImage> TagAsync(CtrImage source, string name, bool replace, CancellationToken cancellationToken);

    /// <summary>Deletes the record. Content that nothing else needs goes with the next garbage collection.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="name">The full name.</param>
    /// <param name="expected">
    /// Delete only if the name still points to this image (compared by the server from 2.0 on, by us a moment before with earlier ones). Null:
    /// whatever it points to.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageNotFound"/>, <see cref="CtrErrorIds.ImageChanged"/>.</exception>
    Task DeleteAsync(string @namespace, string name, CtrImage? expected, CancellationToken cancellationToken);

    /// <summary>Changes labels: a null or empty value removes the label. With <paramref name="replaceAll"/> all other labels go.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageNotFound"/>.</exception>
    Task<CtrImage> SetLabelsAsync(
        string @namespace, string name, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken);
}

/// <summary>Which images to list.</summary>
internal sealed record CtrImageQuery
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>containerd's filters: one string's terms must all match, one of the strings must. Empty: all images.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Each record by itself, as ctr lists them: aliases too.</summary>
    public bool AllRecords { get; init; }

    /// <summary>Which names to take, before anything is read about them. Null: all.</summary>
    public Func<string, bool>? Match { get; init; }

    /// <summary>What to read about each.</summary>
    public CtrImageDetail Detail { get; init; } = CtrImageDetail.Full;
}

/// <summary>What to read about an image beside its record.</summary>
internal sealed record CtrImageDetail
{
    /// <summary>The record only: size and platforms stay empty, and the aliases of an image that is looked up by a name.</summary>
    public static readonly CtrImageDetail None = new() { WithContent = false, WithAliases = false };

    /// <summary>The record and its aliases.</summary>
    public static readonly CtrImageDetail Aliases = new() { WithContent = false };

    /// <summary>Size for the server's platform, and all platforms.</summary>
    public static readonly CtrImageDetail Full = new();

    /// <summary>Read manifests and configs.</summary>
    public bool WithContent { get; init; } = true;

    /// <summary>Look for the aliases of an image that is looked up by a name. A listing has them anyway.</summary>
    public bool WithAliases { get; init; } = true;

    /// <summary>
    /// Only images with a manifest for one of these platforms; the size is the one of the first that matches. Empty: all images, the server's
    /// platform.
    /// </summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>List attestation entries among the platforms.</summary>
    public bool IncludeAttestations { get; init; }
}

/// <summary>How images can be related.</summary>
internal enum CtrKinship
{
    /// <summary>All layers of the one are the lowest of the other, compared unpacked: it was built on it, however it is compressed.</summary>
    BasedOn,

    /// <summary>A layer, as it is stored, is of both.</summary>
    SharingLayer,
}

/// <summary>What tells the relatives of an image.</summary>
/// <param name="Digest">What its name points to.</param>
/// <param name="Chains">For each platform: the digests of the unpacked layers, the lowest first. Those without layers are left out.</param>
/// <param name="Layers">The digests of all layers as they are stored.</param>
internal sealed record CtrImageKin(string Digest, IReadOnlyList<IReadOnlyList<string>> Chains, IReadOnlySet<string> Layers)
{
    /// <summary>Whether one of the other's chains begins with one of this image's.</summary>
    public bool IsBaseOf(CtrImageKin other) => other.Digest != Digest
        && other.Chains.Any(chain => Chains.Any(own => chain.Count >= own.Count && own.SequenceEqual(chain.Take(own.Count))));

    /// <summary>Whether the other has a layer that this image has.</summary>
    public bool SharesLayerWith(CtrImageKin other) => other.Digest != Digest && Layers.Overlaps(other.Layers);
}
