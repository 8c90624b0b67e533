namespace CtrPS.Client.Registry;

/// <summary>
/// The part for registries of containerd's configuration, versions 2 and 3 (internal/cri/config): <c>mirrors</c>, <c>configs</c> and <c>auths</c>,
/// which hosts.toml replaces.
/// </summary>
internal sealed class CriConfiguration
{
    private static readonly string[] Plugins = ["io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri"];
    private static readonly string[] MirrorCapabilities = ["pull", "resolve"];

    private readonly List<string> _remarks = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _mirrors = [];
    private readonly Dictionary<string, CtrHostWish> _tls = [];
    private readonly SortedSet<string> _credentials = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _headers = new(StringComparer.OrdinalIgnoreCase);
    private long? _version;

    private CriConfiguration()
    {
    }

    /// <summary>Reads a configuration and what it imports.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidHostsFile"/>.</exception>
    public static CtrHostsConversion Read(string path)
    {
        var all = new CriConfiguration();
        foreach ((string file, TomlMap root) in ConfigurationFiles.Read(path, Parse))
        {
            all.Take(file, root);
        }

        return all.Convert();
    }

    private static TomlMap Parse(string path)
    {
        string text = TomlFile.ReadText(path) ?? throw new CtrException(
            CtrErrorIds.InvalidHostsFile, CtrStatus.NotFound, $"There is no configuration '{path}'.")
        {
            Target = path,
            RecommendedAction = "Name containerd's config.toml with -Path.",
        };
        return TomlFile.Parse(path, text);
    }

    private void Take(string path, TomlMap root)
    {
        long version = root.Exactly("version") is { } said ? said.Value as long? ?? throw Wrong(path, said, "is no number") : 1;
        if (version is not (2 or 3))
        {
            throw new CtrException(
                CtrErrorIds.InvalidHostsFile, CtrStatus.InvalidArgument, $"'{path}' is a configuration of version {version}; known are 2 and 3.")
            {
                Target = path,
                RecommendedAction = "containerd config migrate writes it in the version of the installed containerd.",
            };
        }

        if (_version is { } first && first != version)
        {
            _remarks.Add($"'{path}' is of version {version} and is imported into one of version {first}: containerd itself may lose what is in it.");
        }

        _version ??= version;
        foreach (TomlNode plugin in Plugins.Select(id => Map(path, root.Exactly("plugins"))?.Exactly(id)).OfType<TomlNode>())
        {
            if (Map(path, Map(path, plugin)!.Exactly("registry")) is { } registry)
            {
                TakeRegistry(path, registry);
            }
        }
    }

    private void TakeRegistry(string path, TomlMap registry)
    {
        foreach ((string name, TomlNode node) in Map(path, registry.Exactly("mirrors"))?.Items ?? [])
        {
            _mirrors[name] = [.. List(path, Map(path, node)!.Exactly("endpoint")).Select(one => Text(path, one))];
        }

        foreach ((string host, TomlNode node) in Map(path, registry.Exactly("configs"))?.Items ?? [])
        {
            TomlMap config = Map(path, node)!;
            if (Map(path, config.Exactly("tls")) is { } tls)
            {
                string? certificate = Word("cert_file");
                _tls[host] = new CtrHostWish
                {
                    SkipVerify = tls.Exactly("insecure_skip_verify") is { } skip
                        ? skip.Value as bool? ?? throw Wrong(path, skip, "is neither true nor false")
                        : null,
                    Authorities = Word("ca_file") is { } authority ? [authority] : [],
                    ClientCertificates = certificate is not null ? [(certificate, Word("key_file"))] : [],
                };

                string? Word(string key) => tls.Exactly(key) is { } given && Text(path, given) is { Length: > 0 } word ? word : null;
            }

            if (config.Exactly("auth") is not null)
            {
                _credentials.Add(host);
            }
        }

        foreach ((string host, _) in Map(path, registry.Exactly("auths"))?.Items ?? [])
        {
            _credentials.Add(host);
        }

        foreach ((string name, _) in Map(path, registry.Exactly("headers"))?.Items ?? [])
        {
            _headers.Add(name);
        }

        if (registry.Exactly("config_path") is { } folders && Text(path, folders) is { Length: > 0 } given)
        {
            _remarks.Add($"'{path}' names the folder of hosts.toml files already ('{given}'): containerd does not look at its mirrors then.");
        }
    }

    private CtrHostsConversion Convert()
    {
        List<CtrHostsWish> wishes = [];
        foreach ((string name, IReadOnlyList<string> endpoints) in _mirrors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            string registry = name == HostsText.AnyRegistry ? name : RegistryNames.Require(name);
            CtrHostWish[] hosts = [.. endpoints.Select(Host)];
            if (hosts.Length > 0)
            {
                wishes.Add(new CtrHostsWish(registry, registry == HostsText.AnyRegistry ? new CtrHostWish() : Server(registry), hosts));
            }
        }

        foreach (string host in _tls.Keys.Where(host => !_mirrors.ContainsKey(host)).Order(StringComparer.Ordinal))
        {
            wishes.Add(new CtrHostsWish(RegistryNames.Require(host), Server(host), []));
        }

        if (_credentials.Count > 0)
        {
            string hosts = string.Join(", ", _credentials.Select(one => $"'{one}'"));
            _remarks.Add(
                $"The configuration has credentials for {hosts}. hosts.toml has no place for them, and they were not taken: "
                + "use Connect-CtrRegistry, or Kubernetes' image pull secrets.");
        }

        if (_headers.Count > 0)
        {
            // CRI gives them to the resolver, which adds those of hosts.toml to them (image_pull.go; docker/resolver.go): both would be sent.
            string names = string.Join(", ", _headers.Select(one => $"'{ForeignText.Show(one)}'"));
            _remarks.Add(
                $"The configuration has headers for every registry: {names}. They go on working beside hosts.toml and stay where they are; written "
                + "there as well, Kubernetes would send them twice. Other clients, ctr and these cmdlets among them, do not send them.");
        }

        return new CtrHostsConversion(wishes, _remarks);
    }

    /// <summary>A mirror as CRI asks it: a path that it has is all, without <c>/v2</c>.</summary>
    private CtrHostWish Host(string endpoint)
    {
        RegistryUrl? url = RegistryUrl.TryParse(endpoint, overridePath: true, out _);
        return (url is not null && _tls.TryGetValue(url.Host, out CtrHostWish? tls) ? tls : new CtrHostWish()) with
        {
            Url = endpoint,
            Capabilities = MirrorCapabilities,
            OverridePath = url?.Path is { Length: > 0 } path && !path.EndsWith(RegistryUrl.ApiPath, StringComparison.Ordinal),
        };
    }

    private CtrHostWish Server(string registry) =>
        _tls.GetValueOrDefault(registry == RegistryNames.DockerHub ? RegistryNames.DockerHubHost : registry)
        ?? _tls.GetValueOrDefault(registry)
        ?? new CtrHostWish();

    private static TomlMap? Map(string path, TomlNode? node) =>
        node is null ? null : node.Value as TomlMap ?? throw Wrong(path, node, "is no table");

    private static IReadOnlyList<TomlNode> List(string path, TomlNode? node) =>
        node is null ? [] : node.Value as List<TomlNode> ?? throw Wrong(path, node, "is no list of texts");

    private static string Text(string path, TomlNode node) => node.Value as string ?? throw Wrong(path, node, "is no text in quotes");

    private static CtrException Wrong(string path, TomlNode node, string fault) => HostsFaults.Line(path, node.Line, node.Key, fault);
}
