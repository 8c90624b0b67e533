namespace CtrPS;

/// <summary>What the daemon says of itself.</summary>
internal interface IServerInspector
{
    /// <summary>Version, identity, deprecations.</summary>
    Task<CtrServer> GetAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The plugins, in the server's order. <paramref name="filters"/> are containerd's own (fields type, id, platforms, capabilities).
    /// </summary>
    Task<IReadOnlyList<CtrPlugin>> ListPluginsAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);
}
