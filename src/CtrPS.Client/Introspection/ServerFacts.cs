namespace CtrPS.Client.Introspection;

/// <summary>What does not change while a daemon runs, out of its list of plugins: asked once per connection.</summary>
internal sealed class ServerFacts(IServerInspector server)
{
    private IReadOnlyList<CtrPlugin>? _plugins;

    /// <summary>The platform that the server runs containers of: what its runtime says, not what this side is.</summary>
    public async ValueTask<CtrPlatform> GetPlatformAsync(CancellationToken cancellationToken) => (await GetPluginsAsync(cancellationToken).ConfigureAwait(false))
        .OrderBy(plugin => plugin.Type switch
        {
            "io.containerd.runtime.v2" => 0,
            "io.containerd.snapshotter.v1" => 1,
            _ => 2,
        })
        .SelectMany(plugin => plugin.Platforms)
        .FirstOrDefault() ?? CtrPlatform.Local;

    /// <summary>The folder of the content store on the server's machine. Null where the server does not say.</summary>
    public async ValueTask<string?> GetContentRootAsync(CancellationToken cancellationToken) => (await GetPluginsAsync(cancellationToken).ConfigureAwait(false))
        .Where(plugin => plugin is { Type: "io.containerd.content.v1", Status: CtrPluginStatus.Ok })
        .Select(plugin => plugin.Exports.TryGetValue("root", out string? root) ? root : null)
        .FirstOrDefault(root => root is not null);

    private async ValueTask<IReadOnlyList<CtrPlugin>> GetPluginsAsync(CancellationToken cancellationToken) =>
        _plugins ??= await server.ListPluginsAsync([], cancellationToken).ConfigureAwait(false);
}
