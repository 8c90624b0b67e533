namespace CtrPS;

/// <summary>Knows which hosts are asked for a registry, and how the files that say so are written. Without a containerd.</summary>
internal interface IRegistryHosts
{
    /// <summary>The folders that are looked into where nobody names others; the first one counts.</summary>
    IReadOnlyList<string> DefaultFolders { get; }

    /// <summary>The registry of a name, a URL, or a whole reference.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    string RegistryOf(string text);

    /// <summary>The registries that have a folder.</summary>
    /// <param name="folders">The folders above. Null: the usual ones.</param>
    IReadOnlyList<string> Names(IReadOnlyList<string>? folders);

    /// <summary>The hosts in the order of asking.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidReference"/>; <see cref="CtrErrorIds.InvalidPath"/>; <see cref="CtrErrorIds.InvalidHostsFile"/>.
    /// </exception>
    IReadOnlyList<CtrRegistryHost> Find(string registry, CtrRegistryOptions options);

    /// <summary>Where a registry's hosts.toml is, or would be, in a folder of registries.</summary>
    string FileOf(string folder, string registry);

    /// <summary>A hosts.toml that says what is wished; it was read back.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: a URL or a certificate is none.</exception>
    CtrHostsFile Compose(CtrHostsWish wish, string path);

    /// <summary>What the part for registries of containerd's own configuration, imports included, comes to.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidHostsFile"/>: a file is not there, or broken.</exception>
    CtrHostsConversion ReadConfiguration(string path);
}

/// <summary>What a hosts.toml is to say of a host.</summary>
internal sealed record CtrHostWish
{
    /// <summary>With or without a scheme. Null: the registry itself, as containerd would ask it.</summary>
    public string? Url { get; init; }

    /// <summary>Empty: all.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Files with authorities.</summary>
    public IReadOnlyList<string> Authorities { get; init; } = [];

    /// <summary>Files with certificates and keys.</summary>
    public IReadOnlyList<(string Certificate, string? Key)> ClientCertificates { get; init; } = [];

    /// <summary>Take any certificate. Null: nothing is said.</summary>
    public bool? SkipVerify { get; init; }

    /// <summary>The URL's path is all, no <c>/v2</c> is appended.</summary>
    public bool OverridePath { get; init; }
}

/// <summary>What a hosts.toml is to say.</summary>
/// <param name="Registry">The registry. <c>*</c>: all others.</param>
/// <param name="Server">What is asked last.</param>
/// <param name="Hosts">What is asked before.</param>
internal sealed record CtrHostsWish(string Registry, CtrHostWish Server, IReadOnlyList<CtrHostWish> Hosts);

/// <summary>What containerd's configuration says of registries.</summary>
/// <param name="Wishes">The files to write.</param>
/// <param name="Remarks">What does not go into them, in words.</param>
internal sealed record CtrHostsConversion(IReadOnlyList<CtrHostsWish> Wishes, IReadOnlyList<string> Remarks);
