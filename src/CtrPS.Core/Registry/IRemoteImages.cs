namespace CtrPS;

/// <summary>Looks at, moves and removes what is at registries, without a containerd.</summary>
/// <remarks>
/// All of it throws the registry's faults (<c>CtrRegistry...</c>), <see cref="CtrErrorIds.RemoteImageNotFound"/> and
/// <see cref="CtrErrorIds.InvalidHostsFile"/>.
/// </remarks>
internal interface IRemoteImages
{
    /// <summary>The tags of a repository, in the registry's order, page by page as they are taken.</summary>
    /// <param name="repository">The repository; its tag means nothing.</param>
    /// <param name="registries">How registries are spoken to.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    IAsyncEnumerable<CtrRemoteTag> TagsAsync(CtrImageReference repository, ICtrRegistries registries, CancellationToken cancellationToken);

    /// <summary>The repositories of a registry, in its order, page by page as they are taken.</summary>
    IAsyncEnumerable<CtrRemoteRepository> RepositoriesAsync(string registry, ICtrRegistries registries, CancellationToken cancellationToken);

    /// <summary>What Docker Hub finds for words, page by page as it is taken.</summary>
    /// <param name="term">The words.</param>
    /// <param name="registries">How registries are spoken to.</param>
    /// <param name="address">What answers in Docker Hub's place. Null: Docker Hub.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    IAsyncEnumerable<CtrRemoteRepository> SearchAsync(string term, ICtrRegistries registries, Uri? address, CancellationToken cancellationToken);

    /// <summary>Tells of an image by its manifests.</summary>
    /// <param name="reference">The image.</param>
    /// <param name="platforms">Ask for the manifests of these alone. Empty: for all.</param>
    /// <param name="registries">How registries are spoken to.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.PlatformNotFound"/>: the image is for none of the platforms.</exception>
    Task<CtrRemoteImage> DescribeAsync(
        CtrImageReference reference, IReadOnlyList<CtrPlatform> platforms, ICtrRegistries registries, CancellationToken cancellationToken);

    /// <summary>Finds something of a repository by its digest: a blob, a manifest or an index.</summary>
    /// <param name="reference">The repository; tag and digest of it mean nothing.</param>
    /// <param name="digest">The digest.</param>
    /// <param name="registries">How registries are spoken to.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>: the repository has nothing of that digest; <see cref="CtrErrorIds.InvalidDigest"/>.
    /// </exception>
    Task<ICtrRemoteBlob> FindBlobAsync(
        CtrImageReference reference, string digest, ICtrRegistries registries, CancellationToken cancellationToken);

    /// <summary>Finds out what removing an image would take along. Nothing is changed.</summary>
    Task<ICtrRemovalPlan> PlanRemovalAsync(CtrImageReference reference, ICtrRegistries registries, CancellationToken cancellationToken);

    /// <summary>Finds out what copying an image would bring. Nothing is changed.</summary>
    /// <param name="request">What to copy.</param>
    /// <param name="source">How the registry that it is at is spoken to.</param>
    /// <param name="destination">How the other one is.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.PlatformNotFound"/>, <see cref="CtrErrorIds.BlobMissing"/>.</exception>
    Task<ICtrRemoteCopyPlan> PlanCopyAsync(
        CtrRemoteCopyRequest request, ICtrRegistries source, ICtrRegistries destination, CancellationToken cancellationToken);

    /// <summary>Looks at each host of a registry, in the order of asking. What is wrong with one is a result, never an error.</summary>
    /// <param name="text">A registry, or a reference of an image, which is asked for then.</param>
    /// <param name="registries">How registries are spoken to.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>, <see cref="CtrErrorIds.InvalidHostsFile"/>.</exception>
    IAsyncEnumerable<CtrRegistryCheck> TestAsync(string text, ICtrRegistries registries, CancellationToken cancellationToken);

    /// <summary>Compares an image of a namespace with its registry. That it cannot be asked is a result, never an error.</summary>
    Task<CtrImageUpdate> CompareAsync(CtrImage image, ICtrRegistries registries, CancellationToken cancellationToken);
}

/// <summary>Something at a registry that has a digest.</summary>
internal interface ICtrRemoteBlob
{
    /// <summary>Bytes.</summary>
    long Size { get; }

    /// <summary>
    /// Opens the bytes for one reading, over connections that may break. They are proved: where they are not what the digest says, reading their
    /// end throws.
    /// </summary>
    /// <exception cref="CtrException">The registry's faults; <see cref="CtrErrorIds.BlobCorrupt"/> at the end.</exception>
    Task<Stream> OpenAsync(CancellationToken cancellationToken);
}

/// <summary>What removing an image from a registry would do.</summary>
internal interface ICtrRemovalPlan
{
    /// <summary>The digest that the name stands for.</summary>
    string Digest { get; }

    /// <summary>Other tags that stand for the same digest. Null: there are too many tags to look at, or the registry does not list them.</summary>
    IReadOnlyList<string>? OtherTags { get; }

    /// <summary>Does it: a tag by itself where the registry can, else the manifest, with all its tags.</summary>
    /// <param name="withOtherTags">Of a name with a tag: also where other tags go along, or may go.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.FailedPrecondition"/>: other tags would go along; <see cref="CtrErrorIds.NotSupported"/>: the registry removes nothing.
    /// </exception>
    Task RunAsync(bool withOtherTags, CancellationToken cancellationToken);
}

/// <summary>What copying an image between registries would do.</summary>
internal interface ICtrRemoteCopyPlan
{
    /// <summary>The digest that the target will stand for.</summary>
    string Digest { get; }

    /// <summary>Blobs of the image, those that the target has among them.</summary>
    int Blobs { get; }

    /// <summary>Bytes of those.</summary>
    long Bytes { get; }

    /// <summary>What refers to the image and goes along.</summary>
    int Referrers { get; }

    /// <summary>What the user should know, in sentences.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>Does it: only what the target does not have, children before their parents, the tag last. Nothing is stored on the way.</summary>
    Task<CtrCopiedImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>What to copy between registries.</summary>
internal sealed record CtrRemoteCopyRequest
{
    /// <summary>The image.</summary>
    public required CtrImageReference Source { get; init; }

    /// <summary>The name to give it.</summary>
    public required CtrImageReference Target { get; init; }

    /// <summary>The platforms. Empty: all.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Copy what refers to the image too: signatures, SBOMs.</summary>
    public bool Referrers { get; init; }

    /// <summary>Blobs moved at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}
