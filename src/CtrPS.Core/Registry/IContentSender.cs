namespace CtrPS;

/// <summary>Brings single blobs out of a namespace into repositories of registries.</summary>
internal interface IContentSender
{
    /// <summary>Finds out what is to be sent and as what, and what is in the way. Nothing is sent.</summary>
    /// <param name="content">The blob.</param>
    /// <param name="destination">The repository; with a tag, that a manifest gets, or with the digest of the blob.</param>
    /// <param name="mediaType">As what it is sent. Null: as a manifest or an index where it is one, else as a blob.</param>
    /// <param name="registries">How registries are spoken to.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidReference"/>; <see cref="CtrErrorIds.InvalidArgument"/>: no media type, or a document that is too large;
    /// <see cref="CtrErrorIds.BlobMissing"/>, <see cref="CtrErrorIds.BlobCorrupt"/>.
    /// </exception>
    Task<ICtrContentPlan> PlanAsync(
        CtrContent content, string destination, string? mediaType, ICtrRegistries registries, CancellationToken cancellationToken);
}

/// <summary>What sending a blob would do.</summary>
internal interface ICtrContentPlan
{
    /// <summary>What it is, for the order of several: blobs go before manifests that may name them, and those before indexes.</summary>
    CtrContentKind Kind { get; }

    /// <summary>As what it is sent.</summary>
    string MediaType { get; }

    /// <summary>The name at the registry.</summary>
    CtrImageReference Target { get; }

    /// <summary>Does it, unless the repository has it.</summary>
    /// <exception cref="CtrException">The registry's faults (<c>CtrRegistry...</c>).</exception>
    Task<CtrSentContent> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken);
}
