namespace CtrPS;

/// <summary>What became of a blob that an image needs. A later value is worse for the reader of a report, not for the image.</summary>
public enum CtrBlobStatus : long
{
    /// <summary>It is there and its bytes hash to its digest.</summary>
    Ok,

    /// <summary>It is not there.</summary>
    Missing,

    /// <summary>It is there, but it is not what its digest, size or media type says.</summary>
    Corrupt,

    /// <summary>It is there, but its bytes cannot be read.</summary>
    Unreadable,
}

/// <summary>A blob that an image needs and does not have whole: which one, what is wrong, and what to do.</summary>
public sealed class CtrBlobFault
{
    internal CtrBlobFault()
    {
    }

    /// <summary>The digest by which the image refers to it.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The media type by which the image refers to it.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>Bytes, as the image says.</summary>
    public long Size { get; internal set; }

    /// <summary>What is wrong: never <see cref="CtrBlobStatus.Ok"/>.</summary>
    public CtrBlobStatus Status { get; internal set; }

    /// <summary>The platform whose image needs it. Null for an index, and where no platform is known.</summary>
    public string? Platform { get; internal set; }

    /// <summary>The digest of the bytes that are there. Null where they were not read to their end.</summary>
    public string? ActualDigest { get; internal set; }

    /// <summary>Bytes that are there. Null where there are none.</summary>
    public long? ActualSize { get; internal set; }

    /// <summary>What happened, in a sentence.</summary>
    public string Reason { get; internal set; } = null!;

    /// <summary>What to do about it. Null where there is no advice.</summary>
    public string? RecommendedAction { get; internal set; }

    /// <summary>Status and digest.</summary>
    public override string ToString() => $"{Status} {Digest}";
}
