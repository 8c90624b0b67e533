namespace CtrPS;

/// <summary>How the receiving of an image ended.</summary>
public enum CtrReceiveStatus : long
{
    /// <summary>All was there already, as it is at the registry.</summary>
    UpToDate,

    /// <summary>The name is new in the namespace.</summary>
    New,

    /// <summary>The name stood for another image before.</summary>
    Moved,

    /// <summary>The name stood for this image, of which something was missing.</summary>
    Completed,
}

/// <summary>What Receive-CtrImage did for an image. It goes through the pipeline as the image itself does.</summary>
public sealed class CtrReceivedImage : CtrObject
{
    internal CtrReceivedImage()
    {
    }

    /// <summary>The full name.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>What happened.</summary>
    public CtrReceiveStatus Status { get; internal set; }

    /// <summary>The digest that the name stands for.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The digest that it stood for before. Null where the name is new.</summary>
    public string? PreviousDigest { get; internal set; }

    /// <summary>The platforms that were brought.</summary>
    public IReadOnlyList<string> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The host that served it, as an address: the registry itself or one of its mirrors.</summary>
    public string Host { get; internal set; } = null!;

    /// <summary>What refers to the image (signatures, SBOMs, attestations) and is there now. 0 without -IncludeReferrer.</summary>
    public int ReferrerCount { get; internal set; }

    /// <summary>Bytes that came over the network, manifests included.</summary>
    public long BytesFetched { get; internal set; }

    /// <summary>Bytes of blobs that the daemon had already.</summary>
    public long BytesPresent { get; internal set; }

    /// <summary>Bytes that an earlier try had fetched.</summary>
    public long BytesResumed { get; internal set; }

    /// <summary>Blobs that were fetched.</summary>
    public int BlobsFetched { get; internal set; }

    /// <summary>Blobs that the daemon had already.</summary>
    public int BlobsPresent { get; internal set; }

    /// <summary>Whether it is unpacked: a container can be made of it at once.</summary>
    public bool Unpacked { get; internal set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
