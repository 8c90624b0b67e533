namespace CtrPS;

/// <summary>
/// Where the CNI plugins and their configuration are, and what to tell the plugins. The names of the environment variables are those of cnitool
/// (containernetworking/cni, cnitool).
/// </summary>
internal sealed record CtrCniOptions
{
    /// <summary>The variable with the folders of plugins, colons between them.</summary>
    public const string PluginVariable = "CNI_PATH";

    /// <summary>The variable with the folder of configurations.</summary>
    public const string ConfigVariable = "NETCONFPATH";

    /// <summary>The variable with <see cref="Arguments"/>.</summary>
    public const string ArgumentsVariable = "CNI_ARGS";

    /// <summary>The variable with <see cref="Capabilities"/>.</summary>
    public const string CapabilitiesVariable = "CAP_ARGS";

    /// <summary>Where it all is without a word from anybody: the folders of ctr, and Debian's folder of plugins.</summary>
    public static readonly CtrCniOptions Standard = new();

    /// <summary>The folder of configurations: the first by name of <c>.conf</c>, <c>.conflist</c> and <c>.json</c> is the network.</summary>
    public string ConfigFolder { get; init; } = "/etc/cni/net.d";

    /// <summary>The folders of plugins; the first that has one counts.</summary>
    public IReadOnlyList<string> PluginFolders { get; init; } = ["/opt/cni/bin", "/usr/lib/cni"];

    /// <summary>The folder where results are kept for the removal; libcni's, so that ctr and cnitool find ours and we find theirs.</summary>
    public string CacheFolder { get; init; } = "/var/lib/cni";

    /// <summary>Arguments for all plugins: <c>NAME=value;NAME=value</c>.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>
    /// A JSON object of capabilities by name, such as <c>{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}</c>. Each plugin
    /// gets those that its configuration says it has.
    /// </summary>
    public string Capabilities { get; init; } = "";

    /// <summary>How long one plugin may take before it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What the environment variables say, else <see cref="Standard"/>.</summary>
    public static CtrCniOptions FromEnvironment() => Standard with
    {
        ConfigFolder = Variable(ConfigVariable) ?? Standard.ConfigFolder,
        PluginFolders = Variable(PluginVariable)?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? Standard.PluginFolders,
        Arguments = Variable(ArgumentsVariable) ?? "",
        Capabilities = Variable(CapabilitiesVariable) ?? "",
    };

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
