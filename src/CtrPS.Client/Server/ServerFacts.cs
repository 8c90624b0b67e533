namespace CtrPS.Client.Server;

/// <summary>What does not change while a daemon runs, out of its list of plugins: asked once per connection.</summary>
internal sealed class ServerFacts(IServerInspector server)
{
    private Facts? _facts;

    /// <summary>The platform that the server runs containers of: what its runtime says, not what this side is.</summary>
    public async ValueTask<CtrPlatform> GetPlatformAsync(CancellationToken cancellationToken) =>
        (await GetAsync(cancellationToken).ConfigureAwait(false)).Platform;

    /// <summary>The folder of the content store on the server's machine. Null where the server does not say.</summary>
    public async ValueTask<string?> GetContentRootAsync(CancellationToken cancellationToken) =>
        (await GetAsync(cancellationToken).ConfigureAwait(false)).ContentRoot;

    /// <summary>The snapshotters that work.</summary>
    public async ValueTask<IReadOnlyList<string>> GetSnapshottersAsync(CancellationToken cancellationToken) =>
        (await GetAsync(cancellationToken).ConfigureAwait(false)).Snapshotters;

    /// <summary>The folders of the snapshotters that work and say theirs, by name.</summary>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetSnapshotterRootsAsync(CancellationToken cancellationToken) =>
        (await GetAsync(cancellationToken).ConfigureAwait(false)).SnapshotterRoots;

    /// <summary>Whether Kubernetes' interface (CRI) runs in this daemon.</summary>
    public async ValueTask<bool> HasCriAsync(CancellationToken cancellationToken) => (await GetAsync(cancellationToken).ConfigureAwait(false)).HasCri;

    // Taken out of the list once: the content root is asked for with each blob.
    private async ValueTask<Facts> GetAsync(CancellationToken cancellationToken)
    {
        if (_facts is null)
        {
            IReadOnlyList<CtrPlugin> plugins = await server.ListPluginsAsync([], cancellationToken).ConfigureAwait(false);
            CtrPlugin[] snapshotters = [.. plugins.Where(plugin =>
                plugin is { Type: "io.containerd.snapshotter.v1", Status: CtrPluginStatus.Ok })];
            _facts = new Facts(
                PlatformOf(plugins),
                RootOf(plugins.FirstOrDefault(plugin => plugin is { Type: "io.containerd.content.v1", Status: CtrPluginStatus.Ok })),
                [.. snapshotters.Select(plugin => plugin.Id)],
                snapshotters.Where(plugin => RootOf(plugin) is not null).ToDictionary(plugin => plugin.Id, plugin => RootOf(plugin)!),
                plugins.Any(plugin => plugin is { Type: "io.containerd.grpc.v1", Id: "cri", Status: CtrPluginStatus.Ok }));
        }

        return _facts;
    }

    private static CtrPlatform PlatformOf(IReadOnlyList<CtrPlugin> plugins) => plugins
        .OrderBy(plugin => plugin.Type switch
        {
            "io.containerd.runtime.v2" => 0,
            "io.containerd.snapshotter.v1" => 1,
            _ => 2,
        })
        .SelectMany(plugin => plugin.PlatformValues)
        .FirstOrDefault() ?? CtrPlatform.Local;

    /// <summary>The folder that a plugin says it keeps its files in. Null: it does not say.</summary>
    private static string? RootOf(CtrPlugin? plugin) => plugin?.Exports.GetValueOrDefault("root");

    private sealed record Facts(
        CtrPlatform Platform,
        string? ContentRoot,
        IReadOnlyList<string> Snapshotters,
        IReadOnlyDictionary<string, string> SnapshotterRoots,
        bool HasCri);
}
