namespace CtrPS;

/// <summary>Registries, for as long as one piece of work takes: connections and tokens are kept between its images.</summary>
internal interface ICtrRegistries : IDisposable
{
    /// <summary>
    /// Names registries that are to be asked, before the first byte goes to one of them. Who knows them all beforehand says so: else the first one
    /// that is asked is the one that what was given is for.
    /// </summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidArgument"/>: there is a <see cref="CtrRegistryOptions.Credential"/>, and these are of several registries, or of
    /// another than was asked before.
    /// </exception>
    void Expect(IEnumerable<string> registries);
}

/// <summary>Brings images out of registries into a namespace.</summary>
internal interface IImageReceiver
{
    /// <summary>Asks a registry for an image, and finds out what bringing it would do. Nothing is changed.</summary>
    /// <exception cref="CtrException">
    /// The registry's faults (<c>CtrRegistry...</c>), <see cref="CtrErrorIds.RemoteImageNotFound"/>, <see cref="CtrErrorIds.PlatformNotFound"/>, <see
    /// cref="CtrErrorIds.NotSupported"/>.
    /// </exception>
    Task<ICtrReceivePlan> PlanAsync(CtrReceiveRequest request, ICtrRegistries registries, CancellationToken cancellationToken);
}

/// <summary>What bringing an image would do.</summary>
internal interface ICtrReceivePlan
{
    /// <summary>The digest that the name stands for at the registry.</summary>
    string Digest { get; }

    /// <summary>The digest that the name stands for in the namespace. Null: it is not there.</summary>
    string? PreviousDigest { get; }

    /// <summary>Blobs that will be fetched.</summary>
    int BlobsToFetch { get; }

    /// <summary>Bytes of those, as their descriptors say.</summary>
    long BytesToFetch { get; }

    /// <summary>What refers to the image and comes along.</summary>
    int Referrers { get; }

    /// <summary>What the user should know, in sentences.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Does it. Whatever goes wrong, no record is made; what was fetched stays for a day, so that the next try goes on from there.
    /// </summary>
    /// <exception cref="CtrException">
    /// As <see cref="IImageReceiver.PlanAsync"/>, and <see cref="CtrErrorIds.BlobCorrupt"/> for bytes that are not the blob's.
    /// </exception>
    Task<CtrReceivedImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>What to bring, and how.</summary>
internal sealed record CtrReceiveRequest
{
    /// <summary>The image.</summary>
    public required CtrImageReference Reference { get; init; }

    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The platforms. Empty: the daemon's.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Every platform that the image has, and what describes it.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Unpack into snapshots.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>The snapshotter. Null: the namespace's.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Labels for the record.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Bring what refers to the image too: signatures, SBOMs.</summary>
    public bool Referrers { get; init; }

    /// <summary>Read what is there already, and fetch anew what is not what it should be.</summary>
    public bool Renew { get; init; }

    /// <summary>Blobs fetched at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}
