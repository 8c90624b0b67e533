namespace CtrPS;

/// <summary>What Send-CtrContent did for a blob.</summary>
public sealed class CtrSentContent : CtrObject
{
    internal CtrSentContent()
    {
    }

    /// <summary>The digest.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The media type as which it was sent: a manifest or an index is stored as such, everything else as a blob.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>Bytes.</summary>
    public long Size { get; internal set; }

    /// <summary>The name at the registry: of a manifest by its tag, where one was given, else by the digest.</summary>
    public string Target { get; internal set; } = null!;

    /// <summary>What happened.</summary>
    public CtrSendStatus Status { get; internal set; }

    /// <summary>Another repository of the registry had it: no bytes were sent.</summary>
    public bool IsMounted { get; internal set; }

    /// <summary>The host that took it, as an address.</summary>
    public string Host { get; internal set; } = null!;

    /// <summary>Bytes that were sent.</summary>
    public long BytesSent { get; internal set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>The name at the registry.</summary>
    public override string ToString() => Target;
}
