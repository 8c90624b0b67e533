namespace CtrPS;

/// <summary>How the sending of an image ended.</summary>
public enum CtrSendStatus : long
{
    /// <summary>The registry had all of it, under this name.</summary>
    UpToDate,

    /// <summary>It is there now.</summary>
    Sent,
}

/// <summary>What Send-CtrImage did for an image.</summary>
public sealed class CtrSentImage : CtrObject
{
    internal CtrSentImage()
    {
    }

    /// <summary>The name of the image in the namespace.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The name at the registry.</summary>
    public string Target { get; internal set; } = null!;

    /// <summary>What happened.</summary>
    public CtrSendStatus Status { get; internal set; }

    /// <summary>The digest that the name points to at the registry.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The platforms that were sent.</summary>
    public IReadOnlyList<string> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The host that took it, as an address.</summary>
    public string Host { get; internal set; } = null!;

    /// <summary>What refers to the image (signatures, SBOMs, attestations) and is at the registry with it. 0 without -IncludeReferrer.</summary>
    public int ReferrerCount { get; internal set; }

    /// <summary>Blobs whose bytes were sent.</summary>
    public int Pushed { get; internal set; }

    /// <summary>Blobs that another repository of the registry had: no bytes were sent.</summary>
    public int Mounted { get; internal set; }

    /// <summary>Blobs that were there already.</summary>
    public int Skipped { get; internal set; }

    /// <summary>Bytes that were sent.</summary>
    public long BytesSent { get; internal set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>The name at the registry.</summary>
    public override string ToString() => Target;
}
