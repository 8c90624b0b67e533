using CtrPS.Client.Posix;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class RegistryHosts : IRegistryHosts
{
    private static readonly RegistryCapabilities[] Capabilities =
        [RegistryCapabilities.Pull, RegistryCapabilities.Resolve, RegistryCapabilities.Push, RegistryCapabilities.Referrers];

    /// <inheritdoc/>
    public IReadOnlyList<string> DefaultFolders => HostsFolders.Defaults;

    /// <inheritdoc/>
    public string RegistryOf(string text) => RegistryNames.FromNameOrReference(text);

    /// <inheritdoc/>
    public IReadOnlyList<string> Names(IReadOnlyList<string>? folders) =>
    [
        .. (folders ?? HostsFolders.Defaults)
            .Where(Directory.Exists)
            .SelectMany(folder => FolderEntries.Of(folder, ifAllowed: true))
            .Where(Directory.Exists)
            .Select(folder => Path.GetFileName(folder)!)
            .Where(name => name != HostsFolders.AnyRegistry)
            .Select(HostsFolders.RegistryOf)
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    /// <inheritdoc/>
    public IReadOnlyList<CtrRegistryHost> Find(string registry, CtrRegistryOptions options) =>
        [.. HostsFolders.Find(registry, options).Select((endpoint, index) => Describe(endpoint, registry, index + 1))];

    /// <inheritdoc/>
    public string FileOf(string folder, string registry) => Path.Combine(
        registry == HostsText.AnyRegistry
            ? Path.Combine(folder, HostsFolders.AnyRegistry)
            : HostsFolders.FolderOf(folder, RegistryNames.Require(registry), orAny: false) ?? Path.Combine(folder, HostsFolders.Names(registry)[^1]),
        HostsFolders.FileName);

    /// <inheritdoc/>
    public CtrHostsFile Compose(CtrHostsWish wish, string path)
    {
        string text = HostsText.Compose(wish, path);
        HostsFile read = HostsFile.Parse(path, text);
        return new CtrHostsFile
        {
            Registry = wish.Registry,
            Path = path,
            Hosts = [.. read.Hosts.Append(read.Server).Select(host => host.Url?.Root.OriginalString).OfType<string>()],
            Text = text,
        };
    }

    /// <inheritdoc/>
    public CtrHostsConversion ReadConfiguration(string path) => CriConfiguration.Read(path);

    private static CtrRegistryHost Describe(RegistryEndpoint endpoint, string registry, int order) => new()
    {
        Registry = registry,
        Order = order,
        Url = endpoint.Root.OriginalString,
        Capabilities = [.. Capabilities.Where(one => endpoint.Capabilities.HasFlag(one)).Select(Word)],
        IsMirror = endpoint.IsMirror,
        SkipCertificateCheck = endpoint.SkipVerify,
        TriesTlsFirst = endpoint.TriesTlsFirst,
        Authorities = endpoint.Authorities,
        ClientCertificates = [.. endpoint.ClientCertificates.Select(pair => pair.Key is null ? pair.Certificate : $"{pair.Certificate},{pair.Key}")],
        Headers = [.. endpoint.Headers.Keys],
        DialTimeout = endpoint.DialTimeout == Timeout.InfiniteTimeSpan ? null : endpoint.DialTimeout,
        File = endpoint.File,
    };

    private static string Word(RegistryCapabilities capability) => capability switch
    {
        RegistryCapabilities.Pull => "pull",
        RegistryCapabilities.Resolve => "resolve",
        RegistryCapabilities.Push => "push",
        _ => "referrers",
    };
}
