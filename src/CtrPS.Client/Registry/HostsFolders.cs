using CtrPS.Client.Posix;

namespace CtrPS.Client.Registry;

/// <summary>
/// Finds which hosts are asked for a registry: its folder, the hosts.toml or docker's certificates in it, and what holds where nothing is said
/// (containerd, core/remotes/docker/config/hosts.go).
/// </summary>
internal static class HostsFolders
{
    /// <summary>The file in a registry's folder.</summary>
    public const string FileName = "hosts.toml";

    /// <summary>The folder for all registries that have none of their own.</summary>
    public const string AnyRegistry = "_default";

    /// <summary>
    /// The usual folders: those of containerd's CRI and of nerdctl; a user who is not root has some of their own before them.
    /// </summary>
    public static IReadOnlyList<string> Defaults
    {
        get
        {
            if (OperatingSystem.IsWindows())
            {
                string data = Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData);
                return [Path.Combine(data, "containerd", "certs.d"), Path.Combine(data, "docker", "certs.d")];
            }

            string[] system = ["/etc/containerd/certs.d", "/etc/docker/certs.d"];
            if (OwnFile.User == 0)
            {
                return system;
            }

            string own = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } named
                ? named
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
            return [Path.Combine(own, "containerd", "certs.d"), Path.Combine(own, "docker", "certs.d"), .. system];
        }
    }

    /// <summary>The hosts in the order of asking.</summary>
    /// <param name="registry">As a reference names it: <c>docker.io</c>, <c>127.0.0.1:5000</c>, <c>[::1]:5000</c>.</param>
    /// <param name="options">Folders, and what holds for hosts of which no file says anything about TLS.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidReference"/>; <see cref="CtrErrorIds.InvalidHostsFile"/>; <see cref="CtrErrorIds.InvalidPath"/>: a folder of
    /// the options is not there.
    /// </exception>
    public static IReadOnlyList<RegistryEndpoint> Find(string registry, CtrRegistryOptions options)
    {
        _ = RegistryNames.Require(registry);
        foreach (string absent in (options.HostsFolders ?? []).Where(folder => !Directory.Exists(folder)))
        {
            throw new CtrException(CtrErrorIds.InvalidPath, CtrStatus.NotFound, $"There is no folder '{absent}'.")
            {
                Target = absent,
                RecommendedAction = "Name the folder that has a folder for each registry, such as /etc/containerd/certs.d.",
            };
        }

        string? folder = (options.HostsFolders ?? Defaults).Select(root => FolderOf(root, registry)).FirstOrDefault(one => one is not null);
        (HostsFile file, string? path) = folder is null ? (new HostsFile([], new HostsEntry()), null) : Load(folder);
        return [.. file.Hosts.Append(file.Server).Select(entry => Endpoint(entry, registry, options, path))];
    }

    /// <summary>The folder of a registry. Null: it has none, and there is none for all.</summary>
    /// <param name="root">The folder above.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="orAny">Whether the one for all others counts.</param>
    public static string? FolderOf(string root, string registry, bool orAny = true) => Names(registry)
        .Concat(orAny ? [AnyRegistry] : Array.Empty<string>())
        .Select(name => Path.Combine(root, name))
        .FirstOrDefault(Path.Exists);

    /// <summary>The names that a registry's folder may have, the one that containerd prefers first.</summary>
    public static IReadOnlyList<string> Names(string registry)
    {
        string plain = OperatingSystem.IsWindows() ? registry.Replace(":", "", StringComparison.Ordinal) : registry;
        int colon = registry.LastIndexOf(':');
        return colon > 0 ? [$"{registry[..colon]}_{registry[(colon + 1)..]}_", plain] : [plain];
    }

    /// <summary>The registry that a folder is for: <c>registry.example.com_5000_</c> is <c>registry.example.com:5000</c>.</summary>
    public static string RegistryOf(string folderName)
    {
        int mark = folderName.Length > 2 && folderName[^1] == '_' ? folderName.LastIndexOf('_', folderName.Length - 2) : -1;
        return mark > 0 ? $"{folderName[..mark]}:{folderName[(mark + 1)..^1]}" : folderName;
    }

    private static (HostsFile File, string? Path) Load(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw HostsFaults.File(folder, "is no folder");
        }

        string path = Path.Combine(folder, FileName);
        return TomlFile.ReadText(path) is { Length: > 0 } text ? (HostsFile.Parse(path, text), path) : LoadCertificates(folder);
    }

    /// <summary>docker's layout: <c>*.crt</c> are authorities, <c>*.cert</c> certificates to identify by, with the key in <c>*.key</c>.</summary>
    private static (HostsFile File, string? Path) LoadCertificates(string folder)
    {
        try
        {
            string[] files = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
            string[] authorities = [.. files.Where(file => file.EndsWith(".crt", StringComparison.Ordinal))];
            (string, string?)[] pairs = [.. files
                .Where(file => file.EndsWith(".cert", StringComparison.Ordinal))
                .Select(file => (file, files.FirstOrDefault(other => other == Path.ChangeExtension(file, ".key"))))];
            var server = new HostsEntry
            {
                Authorities = authorities.Length > 0 ? authorities : null,
                ClientCertificates = pairs.Length > 0 ? pairs : null,
            };
            return (new HostsFile([], server), server.HasTls ? folder : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostsFaults.File(folder, $"cannot be read: {e.Message}", e);
        }
    }

    private static RegistryEndpoint Endpoint(HostsEntry entry, string registry, CtrRegistryOptions options, string? path)
    {
        bool saysTls = entry.HasTls;
        (RegistryUrl url, bool? skipVerify) = entry.Url is { } named ? (named, entry.SkipVerify) : Upstream(registry, entry.SkipVerify, options);
        bool fromOptions = !saysTls
            && (options.SkipCertificateCheck || options.Authority is not null || options.ClientCertificate is not null);
        return new RegistryEndpoint
        {
            Root = url.Root,
            Capabilities = entry.Url is null ? RegistryCapabilities.All : entry.Capabilities,
            SkipVerify = (skipVerify ?? false) || (!saysTls && options.SkipCertificateCheck),
            Authorities = entry.Authorities ?? (!saysTls && options.Authority is { } authority ? [authority] : []),
            ClientCertificates = entry.ClientCertificates ?? (!saysTls && options.ClientCertificate is { } pair ? [pair] : []),
            Headers = entry.Headers,
            DialTimeout = entry.DialTimeout ?? TimeSpan.FromSeconds(30),

            // Whoever sets something up for TLS may mean it; only port 80 is never it.
            TriesTlsFirst = url.Scheme == "http" && url.Port != "80" && (saysTls || skipVerify is not null || fromOptions),
            IsMirror = url.Host != registry && !(registry == RegistryNames.DockerHub && url.Host == RegistryNames.DockerHubHost),
            File = path,
        };
    }

    /// <summary>The registry itself. On this machine, where no certificate is worth anything, http is as good where the port does not tell.</summary>
    private static (RegistryUrl Url, bool? SkipVerify) Upstream(string registry, bool? skipVerify, CtrRegistryOptions options)
    {
        if (registry == RegistryNames.DockerHub)
        {
            return (new RegistryUrl("https", RegistryNames.DockerHubHost, RegistryUrl.ApiPath), skipVerify);
        }

        if (options.PlainHttp || !RegistryUrl.IsLocal(registry))
        {
            return (new RegistryUrl(options.PlainHttp ? "http" : "https", registry, RegistryUrl.ApiPath), skipVerify);
        }

        string port = RegistryUrl.PortOf(registry);
        return (new RegistryUrl(port is "" or "443" ? "https" : "http", registry, RegistryUrl.ApiPath), port == "80" ? skipVerify : true);
    }
}
