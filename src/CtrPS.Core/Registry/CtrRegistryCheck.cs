namespace CtrPS;

/// <summary>What a host of a registry is good for.</summary>
public enum CtrRegistryState : long
{
    /// <summary>It answers as a registry, and has what was asked for.</summary>
    Usable,

    /// <summary>It answers, and has no such repository, tag or digest.</summary>
    NotFound,

    /// <summary>It wants a login, another one, or allows it to nobody.</summary>
    Denied,

    /// <summary>It was asked too often.</summary>
    Limited,

    /// <summary>It sends us or our credentials where nobody should be sent.</summary>
    Untrusted,

    /// <summary>No TLS connection: its certificate, or no TLS at all.</summary>
    TlsFailed,

    /// <summary>Its name is not known, or nobody answers there.</summary>
    Unreachable,

    /// <summary>It answers, but not as a registry.</summary>
    Failed,
}

/// <summary>How a host of a registry answers, step by step. What was not reached is null.</summary>
public sealed class CtrRegistryCheck
{
    internal CtrRegistryCheck()
    {
    }

    /// <summary>The registry, as references name it.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>The host's place in the order of asking, from 1.</summary>
    public int Order { get; internal set; }

    /// <summary>What the paths of repositories are appended to.</summary>
    public string Url { get; internal set; } = null!;

    /// <summary>Whether it is another host than the registry itself.</summary>
    public bool IsMirror { get; internal set; }

    /// <summary>The verdict.</summary>
    public CtrRegistryState Status { get; internal set; }

    /// <summary>Why, where it is not usable. Null: it is.</summary>
    public string? Reason { get; internal set; }

    /// <summary>What to do about it. Null where there is nothing, or nobody knows.</summary>
    public string? RecommendedAction { get; internal set; }

    /// <summary>The addresses that its name stands for. Empty behind a proxy, which looks it up.</summary>
    public IReadOnlyList<string> IPAddresses { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The proxy that it is asked through. Null: none.</summary>
    public string? Proxy { get; internal set; }

    /// <summary>How long a connection took. Null behind a proxy, or where there was none.</summary>
    public TimeSpan? ConnectTime { get; internal set; }

    /// <summary>The version of TLS. Null: there is none, or it was not reached.</summary>
    public string? TlsProtocol { get; internal set; }

    /// <summary>Whom its certificate is for.</summary>
    public string? TlsSubject { get; internal set; }

    /// <summary>Who made its certificate.</summary>
    public string? TlsIssuer { get; internal set; }

    /// <summary>When its certificate ends.</summary>
    public DateTimeOffset? TlsExpiresAt { get; internal set; }

    /// <summary>How it wants to be told who asks: <c>bearer</c>, <c>basic</c>. Empty: not at all.</summary>
    public string? Challenge { get; internal set; }

    /// <summary>The host of its token service.</summary>
    public string? Realm { get; internal set; }

    /// <summary>Whether it took our token or login, or wanted none.</summary>
    public bool? IsAuthorized { get; internal set; }

    /// <summary>The digest of what was asked for.</summary>
    public string? Digest { get; internal set; }

    /// <summary>Whether it gives parts of blobs, so that a broken download goes on.</summary>
    public bool? SupportsRange { get; internal set; }

    /// <summary>How many requests it takes in a time.</summary>
    public long? RateLimit { get; internal set; }

    /// <summary>How many of them are left.</summary>
    public long? RateLimitRemaining { get; internal set; }

    /// <summary>How long its first answer took, with the connection.</summary>
    public TimeSpan? Latency { get; internal set; }

    /// <summary>The address and the verdict.</summary>
    public override string ToString() => $"{Url}: {Status}";
}
