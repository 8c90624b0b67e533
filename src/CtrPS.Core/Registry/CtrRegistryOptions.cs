using System.Net;

namespace CtrPS;

/// <summary>How registries are spoken to, in as far as neither hosts.toml nor docker's config.json says so.</summary>
internal sealed record CtrRegistryOptions
{
    /// <summary>Folders with a folder for each registry (hosts.toml, or docker's certificates). Null: the usual ones of containerd.</summary>
    public IReadOnlyList<string>? HostsFolders { get; init; }

    /// <summary>Speak http where no file says otherwise.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Take any certificate of hosts for which no file says anything about TLS.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>A file with certificates of authorities to trust (PEM), for hosts for which no file says anything about TLS. Null: none.</summary>
    public string? Authority { get; init; }

    /// <summary>A file with a certificate to identify by (PEM), and its key's file. Null: none, and: both in one file.</summary>
    public (string Certificate, string? Key)? ClientCertificate { get; init; }

    /// <summary>User and password for the registry that the reference names. Null: what files and helpers know.</summary>
    public NetworkCredential? Credential { get; init; }

    /// <summary>Hosts of token services that are trusted with credentials beside the built-in ones.</summary>
    public IReadOnlyList<string> TrustedRealms { get; init; } = [];

    /// <summary>How often a request that failed in a way that may pass is made again.</summary>
    public int MaximumRetryCount { get; init; } = 4;

    /// <summary>The first wait before that; each further one is about twice as long.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a blob may bring no byte.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Connections at the most over which a large blob comes, where one is slow. 1: always one.</summary>
    public int ConnectionsPerBlob { get; init; } = 4;

    /// <summary>Bytes a second that a blob must bring at least, over <see cref="StallTimeout"/>. 0: any.</summary>
    public long MinimumRate { get; init; }
}
