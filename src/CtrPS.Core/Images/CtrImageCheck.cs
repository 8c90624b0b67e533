namespace CtrPS;

/// <summary>
/// What Test-CtrImage found out about an image: what of it is here for a platform, and whether it is sound. The numbers are those of <c>ctr
/// images check</c>.
/// </summary>
public sealed record CtrImageCheck : CtrObject
{
    /// <summary>The full name of the image.</summary>
    public required string Name { get; init; }

    /// <summary>Digest of the manifest or index that the name points to.</summary>
    public required string Digest { get; init; }

    /// <summary>Media type of the manifest or index.</summary>
    public required string MediaType { get; init; }

    /// <summary>The platform of the manifest that was looked at; where there is none, the platform that was looked for.</summary>
    public required CtrPlatform Platform { get; init; }

    /// <summary>The outcome.</summary>
    public required CtrImageState Status { get; init; }

    /// <summary>Whether the image can be used for the platform: everything is here and nothing is known against it.</summary>
    public bool IsComplete => Status == CtrImageState.Complete;

    /// <summary>How many of the config and the layers are here.</summary>
    public required int PresentCount { get; init; }

    /// <summary>How many there are: the config and the layers. Null where the manifest cannot be read.</summary>
    public int? RequiredCount { get; init; }

    /// <summary>Bytes of those that are here, as the manifest says.</summary>
    public required long PresentSize { get; init; }

    /// <summary>Bytes of all of them. Null where the manifest cannot be read.</summary>
    public long? RequiredSize { get; init; }

    /// <summary>Whether the layers are unpacked with the snapshotter.</summary>
    public bool Unpacked { get; init; }

    /// <summary>Whether the bytes were read and hashed; else only their presence was looked at.</summary>
    public bool IsDeep { get; init; }

    /// <summary>Bytes that were hashed for this image. Blobs that several images share are read once and counted for each.</summary>
    public long BytesRead { get; init; }

    /// <summary>What is wrong: blobs that the platform needs and that are not here, and with -Deep all that are here and not right.</summary>
    public IReadOnlyList<CtrBlobFault> Faults { get; init; } = [];

    /// <summary>Name and outcome.</summary>
    public override string ToString() => $"{Name}: {Status}";
}
