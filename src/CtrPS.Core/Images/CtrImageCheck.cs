namespace CtrPS;

/// <summary>
/// What Test-CtrImage found out about an image: what of it is here for a platform, and whether it is sound. The numbers are those of <c>ctr
/// images check</c>.
/// </summary>
public sealed class CtrImageCheck : CtrObject
{
    internal CtrImageCheck()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>Digest of the manifest or index that the name points to.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Media type of the manifest or index.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>The platform of the manifest that was looked at; where there is none, the platform that was looked for.</summary>
    public CtrPlatform Platform { get; internal set; } = null!;

    /// <summary>The outcome.</summary>
    public CtrImageState Status { get; internal set; }

    /// <summary>Whether the image can be used for the platform: everything is here and nothing is known against it.</summary>
    public bool IsComplete => Status == CtrImageState.Complete;

    /// <summary>How many of the config and the layers are here.</summary>
    public int PresentCount { get; internal set; }

    /// <summary>How many there are: the config and the layers. Null where the manifest cannot be read.</summary>
    public int? RequiredCount { get; internal set; }

    /// <summary>Bytes of those that are here, as the manifest says.</summary>
    public long PresentSize { get; internal set; }

    /// <summary>Bytes of all of them. Null where the manifest cannot be read.</summary>
    public long? RequiredSize { get; internal set; }

    /// <summary>Whether the layers are unpacked with the snapshotter.</summary>
    public bool Unpacked { get; internal set; }

    /// <summary>Whether the bytes were read and hashed; else only their presence was looked at.</summary>
    public bool IsDeep { get; internal set; }

    /// <summary>Bytes that were hashed for this image. Blobs that several images share are read once and counted for each.</summary>
    public long BytesRead { get; internal set; }

    /// <summary>What is wrong: blobs that the platform needs and that are not here, and with -Deep all that are here and not right.</summary>
    public IReadOnlyList<CtrBlobFault> Faults { get; internal set => field = CtrList.Of(value); } = CtrList<CtrBlobFault>.Empty;

    /// <summary>Name and outcome.</summary>
    public override string ToString() => $"{Name}: {Status}";
}
