namespace CtrPS.Client.Registry;

/// <summary>What a hosts.toml says of a host.</summary>
internal sealed record HostsEntry
{
    /// <summary>Scheme, host with port as it is written, and path. Null: the registry itself.</summary>
    public RegistryUrl? Url { get; init; }

    /// <summary>What it may be asked for.</summary>
    public RegistryCapabilities Capabilities { get; init; } = RegistryCapabilities.All;

    /// <summary>Take any certificate. Null: nothing is said.</summary>
    public bool? SkipVerify { get; init; }

    /// <summary>Files with authorities. Null: nothing is said.</summary>
    public IReadOnlyList<string>? Authorities { get; init; }

    /// <summary>Files with certificates and keys. Null: nothing is said.</summary>
    public IReadOnlyList<(string Certificate, string? Key)>? ClientCertificates { get; init; }

    /// <summary>Headers for every request.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>How long connecting may take. Null: nothing is said.</summary>
    public TimeSpan? DialTimeout { get; init; }

    /// <summary>Whether anything is said of TLS.</summary>
    public bool HasTls => SkipVerify is not null || Authorities is not null || ClientCertificates is not null;
}

/// <summary>
/// A hosts.toml (containerd, docs/hosts.md; core/remotes/docker/config/hosts.go). What containerd only logs, and then takes for a file that is not
/// there, is an error here. Keys that nobody knows are left alone, as newer versions may have more.
/// </summary>
/// <param name="Hosts">The tables, in the order of the file.</param>
/// <param name="Server">What is asked last.</param>
internal sealed record HostsFile(IReadOnlyList<HostsEntry> Hosts, HostsEntry Server)
{
    private const string HostTable = "host";

    /// <summary>Reads the text of a file.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidHostsFile"/>, with line and key.</exception>
    public static HostsFile Parse(string path, string text)
    {
        TomlMap root = TomlFile.Parse(path, text);
        string? server = null;
        TomlNode? named = root.Find("server");
        if (named is not null)
        {
            server = Text(path, named);
        }

        return new HostsFile(
            [.. Tables(path, root).Select(table => Entry(path, table.Url, table.Node, (TomlMap)table.Node.Value!))],
            Entry(path, server is { Length: > 0 } ? server : null, named ?? new TomlNode("server", 1, null), root));
    }

    private static IEnumerable<(string Url, TomlNode Node)> Tables(string path, TomlMap root)
    {
        if (root.Find(HostTable) is not { } node)
        {
            yield break;
        }

        if (node.Value is not TomlMap hosts)
        {
            throw HostsFaults.Line(path, node.Line, node.Key, "has to be tables, such as [host.\"https://mirror.example.com\"]");
        }

        foreach ((string url, TomlNode table) in hosts.Items)
        {
            if (table.Value is not TomlMap map)
            {
                throw HostsFaults.Line(path, table.Line, table.Key, $"is no table: a host is written [host.\"{url}\"]");
            }

            // containerd takes the order from the headers, and does not see a host that has none.
            if (!map.IsHeaded || node.Key != HostTable)
            {
                throw HostsFaults.Line(path, table.Line, table.Key, $"is overlooked by containerd 2.x: write it as a table, [host.\"{url}\"]");
            }

            if (url.Length == 0)
            {
                throw HostsFaults.Line(path, table.Line, table.Key, "names no host");
            }

            yield return (url, table);
        }
    }

    private static HostsEntry Entry(string path, string? url, TomlNode node, TomlMap map)
    {
        string folder = Path.GetDirectoryName(path)!;
        bool overridePath = map.Find("override_path") is { } whole && Flag(path, whole);
        return new HostsEntry
        {
            Url = url is null ? null : RegistryUrl.TryParse(url, overridePath, out string? fault)
                ?? throw HostsFaults.Line(path, node.Line, node.Key, fault!),
            Capabilities = map.Find("capabilities") is { } capabilities ? Capability(path, capabilities) : RegistryCapabilities.All,
            SkipVerify = map.Find("skip_verify") is { } skip ? Flag(path, skip) : null,
            Authorities = map.Find("ca") is { } ca ? [.. Texts(path, ca).Select(file => Path.Combine(folder, file))] : null,
            ClientCertificates = map.Find("client") is { } client && Pairs(path, client, folder) is { Count: > 0 } pairs ? pairs : null,
            Headers = map.Find("header") is { } header ? Header(path, header) : new Dictionary<string, IReadOnlyList<string>>(),
            DialTimeout = map.Find("dial_timeout") is { } dial && Text(path, dial) is { Length: > 0 } text ? Duration(path, dial, text) : null,
        };
    }

    private static RegistryCapabilities Capability(string path, TomlNode node)
    {
        RegistryCapabilities all = RegistryCapabilities.None;
        foreach (TomlNode one in List(path, node))
        {
            string word = Text(path, one);
            all |= Enum.GetValues<RegistryCapabilities>().FirstOrDefault(
                known => known is not (RegistryCapabilities.None or RegistryCapabilities.All)
                    && string.Equals(known.ToString(), word, StringComparison.OrdinalIgnoreCase)) is var found and not RegistryCapabilities.None
                ? found
                : throw HostsFaults.Line(
                    path, one.Line, node.Key, $"has '{ForeignText.Show(word)}', which is none of pull, resolve, push and referrers");
        }

        return all == RegistryCapabilities.None ? RegistryCapabilities.All : all;
    }

    private static List<(string Certificate, string? Key)> Pairs(string path, TomlNode node, string folder) => node.Value switch
    {
        string one => [(Path.Combine(folder, one), null)],
        List<TomlNode> several => [.. several.Select(each => each.Value switch
        {
            string one => (Path.Combine(folder, one), (string?)null),
            List<TomlNode> { Count: 2 } pair when Text(path, pair[0]) is { Length: > 0 } certificate =>
                (Path.Combine(folder, certificate), Text(path, pair[1]) is { Length: > 0 } key ? Path.Combine(folder, key) : null),
            _ => throw HostsFaults.Line(path, each.Line, node.Key, "has something that is neither a file nor a pair of certificate and key"),
        })],
        _ => throw HostsFaults.Line(path, node.Line, node.Key, "is neither a file, nor a list of files, nor one of pairs of certificate and key"),
    };

    private static Dictionary<string, IReadOnlyList<string>> Header(string path, TomlNode node) => node.Value is TomlMap map
        ? map.Items.ToDictionary(item => item.Key, item => Texts(path, item.Value))
        : throw HostsFaults.Line(path, node.Line, node.Key, "is no table of headers");

    private static TimeSpan Duration(string path, TomlNode node, string text) => GoDuration.TryParse(text) switch
    {
        { } time when time == TimeSpan.Zero => Timeout.InfiniteTimeSpan, // net.Dialer: no limit
        { } time when time > TimeSpan.Zero => TimeSpan.FromMilliseconds(Math.Clamp(time.TotalMilliseconds, 1, int.MaxValue)),
        _ => throw HostsFaults.Line(path, node.Line, node.Key, "is no duration, such as \"30s\" or \"1m30s\""),
    };

    private static IReadOnlyList<string> Texts(string path, TomlNode node) => node.Value is string one
        ? [one]
        : node.Value is List<TomlNode> several
        ? [.. several.Select(each => Text(path, each))]
        : throw HostsFaults.Line(path, node.Line, node.Key, "is neither a text nor a list of texts");

    private static List<TomlNode> List(string path, TomlNode node) =>
        node.Value as List<TomlNode> ?? throw HostsFaults.Line(path, node.Line, node.Key, "is no list of texts");

    private static string Text(string path, TomlNode node) => node.Value is string text && !text.Contains('\0')
        ? text
        : throw HostsFaults.Line(path, node.Line, node.Key, "is no text in quotes");

    private static bool Flag(string path, TomlNode node) =>
        node.Value as bool? ?? throw HostsFaults.Line(path, node.Line, node.Key, "is neither true nor false");
}
