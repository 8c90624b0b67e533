namespace CtrPS.Client.Introspection;

/// <summary>The platform that the server runs containers of: what its runtime says, not what this side is. Asked once per connection.</summary>
internal sealed class ServerPlatform(IServerInspector server)
{
    private CtrPlatform? _platform;

    public async ValueTask<CtrPlatform> GetAsync(CancellationToken cancellationToken)
    {
        if (_platform is null)
        {
            IReadOnlyList<CtrPlugin> plugins = await server.ListPluginsAsync([], cancellationToken).ConfigureAwait(false);
            _platform = plugins
                .OrderBy(plugin => plugin.Type switch
                {
                    "io.containerd.runtime.v2" => 0,
                    "io.containerd.snapshotter.v1" => 1,
                    _ => 2,
                })
                .SelectMany(plugin => plugin.Platforms)
                .FirstOrDefault() ?? CtrPlatform.Local;
        }

        return _platform;
    }
}
