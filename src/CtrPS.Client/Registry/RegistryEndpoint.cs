namespace CtrPS.Client.Registry;

/// <summary>What a host may be asked for.</summary>
[Flags]
internal enum RegistryCapabilities
{
    None = 0,

    /// <summary>Manifests by digest, and blobs.</summary>
    Pull = 1,

    /// <summary>What a tag stands for.</summary>
    Resolve = 2,

    /// <summary>Uploads.</summary>
    Push = 4,

    /// <summary>What refers to a manifest.</summary>
    Referrers = 8,

    All = Pull | Resolve | Push | Referrers,
}

/// <summary>
/// A host that serves a registry's repositories: the registry itself or a mirror of it, and how it is to be spoken to (containerd,
/// core/remotes/docker/config/hosts.go).
/// </summary>
internal sealed record RegistryEndpoint
{
    /// <summary>What the paths of repositories are appended to, with a slash: <c>https://mirror.example.com/v2</c>. No slash at its end.</summary>
    public required Uri Root { get; init; }

    /// <summary>What it may be asked for.</summary>
    public RegistryCapabilities Capabilities { get; init; } = RegistryCapabilities.All;

    /// <summary>Take any certificate.</summary>
    public bool SkipVerify { get; init; }

    /// <summary>Files with certificates of authorities that are trusted beside the system's (PEM).</summary>
    public IReadOnlyList<string> Authorities { get; init; } = [];

    /// <summary>Files with certificates and keys to identify by (PEM). Key null: both are in the one file.</summary>
    public IReadOnlyList<(string Certificate, string? Key)> ClientCertificates { get; init; } = [];

    /// <summary>Headers for every request to it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>How long connecting may take.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The scheme is http, but TLS is tried first: where the other side turns out to speak plain HTTP, the request is made so.
    /// </summary>
    public bool TriesTlsFirst { get; init; }

    /// <summary>It is not the registry that the reference names: it is told which one is meant (<c>?ns=</c>).</summary>
    public bool IsMirror { get; init; }

    /// <summary>The file that names it. Null: it is the registry itself, and no file says so.</summary>
    public string? File { get; init; }
}
