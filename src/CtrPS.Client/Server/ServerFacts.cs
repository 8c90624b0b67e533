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

    /// <summary>Whether Kubernetes' interface (CRI) runs in this daemon.</summary>
    public async ValueTask<bool> HasCriAsync(CancellationToken cancellationToken) => (await GetAsync(cancellationToken).ConfigureAwait(false)).HasCri;

    // Taken out of the list once: the content root is asked for with each blob.
    private async ValueTask<Facts> GetAsync(CancellationToken cancellationToken)
    {
        if (_facts is null)
        {
            IReadOnlyList<CtrPlugin> plugins = await server.ListPluginsAsync([], cancellationToken).ConfigureAwait(false);
            _facts = new Facts(
                PlatformOf(plugins),
                ContentRootOf(plugins),
                plugins.Where(plugin => plugin is { Type: "io.containerd.snapshotter.v1", Status: CtrPluginStatus.Ok })
                    .Select(plugin => plugin.Id)
                    .ToArray(),
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

    private static string? ContentRootOf(IReadOnlyList<CtrPlugin> plugins) => plugins
        .Where(plugin => plugin is { Type: "io.containerd.content.v1", Status: CtrPluginStatus.Ok })
        .Select(plugin => plugin.Exports.TryGetValue("root", out string? root) ? root : null)
        .FirstOrDefault(root => root is not null);

    private sealed record Facts(CtrPlatform Platform, string? ContentRoot, IReadOnlyList<string> Snapshotters, bool HasCri);
}
