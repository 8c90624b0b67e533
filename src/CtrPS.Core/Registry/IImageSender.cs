namespace CtrPS;

/// <summary>Brings images out of a namespace into registries.</summary>
internal interface IImageSender
{
    /// <summary>Finds out what is to be sent, and what is in the way. Nothing is sent.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>, <see cref="CtrErrorIds.BlobCorrupt"/>, <see cref="CtrErrorIds.PlatformNotFound"/>.
    /// </exception>
    Task<ICtrSendPlan> PlanAsync(CtrSendRequest request, ICtrRegistries registries, CancellationToken cancellationToken);
}

/// <summary>What sending an image would do.</summary>
internal interface ICtrSendPlan
{
    /// <summary>The digest that the tag will point to.</summary>
    string Digest { get; }

    /// <summary>Blobs of the image and of what goes along, those that the registry has among them.</summary>
    int Blobs { get; }

    /// <summary>Bytes of those.</summary>
    long Bytes { get; }

    /// <summary>What refers to the image and goes along.</summary>
    int Referrers { get; }

    /// <summary>What the user should know, in sentences.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>Does it: only what the registry does not have, children before their parents, the tag last.</summary>
    /// <exception cref="CtrException">The registry's faults (<c>CtrRegistry...</c>).</exception>
    Task<CtrSentImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>What to send, and where to.</summary>
internal sealed record CtrSendRequest
{
    /// <summary>The image.</summary>
    public required CtrImage Image { get; init; }

    /// <summary>The name at the registry.</summary>
    public required CtrImageReference Target { get; init; }

    /// <summary>Which platforms.</summary>
    public CtrPlatformScope Scope { get; init; }

    /// <summary>The platforms, for <see cref="CtrPlatformScope.Listed"/>.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Leave layers out that their makers do not allow to be passed on.</summary>
    public bool SkipNonDistributable { get; init; }

    /// <summary>Send what refers to the image too: signatures, SBOMs.</summary>
    public bool Referrers { get; init; }

    /// <summary>Ask for each blob, also where the name points to the image already: for a registry that has lost some.</summary>
    public bool AskForAll { get; init; }

    /// <summary>Blobs sent at the same time.</summary>
    public int Concurrency { get; init; } = 4;
}
