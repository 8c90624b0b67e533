namespace CtrPS;

/// <summary>A host that is asked for a registry's repositories, in the order of asking, and which file says so.</summary>
public sealed class CtrRegistryHost
{
    internal CtrRegistryHost()
    {
    }

    /// <summary>The registry, as references name it: <c>docker.io</c>, <c>registry.example.com:5000</c>.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>Its place in the order of asking, from 1.</summary>
    public int Order { get; internal set; }

    /// <summary>What the paths of repositories are appended to: <c>https://mirror.example.com/v2</c>.</summary>
    public string Url { get; internal set; } = null!;

    /// <summary>What it is asked for: <c>pull</c>, <c>resolve</c>, <c>push</c>, <c>referrers</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Whether another host than the registry itself.</summary>
    public bool IsMirror { get; internal set; }

    /// <summary>Whether any certificate is taken.</summary>
    public bool SkipCertificateCheck { get; internal set; }

    /// <summary>Whether TLS is tried first though the scheme is http: some setting for TLS is there.</summary>
    public bool TriesTlsFirst { get; internal set; }

    /// <summary>Files with authorities that are trusted beside the system's.</summary>
    public IReadOnlyList<string> Authorities { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Files with certificates to identify by; a key that lies apart follows after a comma.</summary>
    public IReadOnlyList<string> ClientCertificates { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The names of further headers that it gets. Their values may be secrets, and are not here.</summary>
    public IReadOnlyList<string> Headers { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>How long connecting may take. Null: as long as it takes.</summary>
    public TimeSpan? DialTimeout { get; internal set; }

    /// <summary>The file that says so, or docker's folder of certificates. Null: no file does, these are the defaults.</summary>
    public string? File { get; internal set; }

    /// <summary>The URL.</summary>
    public override string ToString() => Url;
}
