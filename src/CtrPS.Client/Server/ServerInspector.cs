using Containerd.Services.Introspection.V1;
using Containerd.Services.Version.V1;
using CtrPS.Client.Connection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Server;

/// <inheritdoc/>
internal sealed class ServerInspector(GrpcChannel channel, Calls calls) : IServerInspector
{
    private readonly Containerd.Services.Introspection.V1.Introspection.IntrospectionClient _client = new(channel);
    private readonly Containerd.Services.Version.V1.Version.VersionClient _version = new(channel);

    public async Task<CtrServer> GetAsync(CancellationToken cancellationToken)
    {
        var subject = new CallSubject("the server");
        VersionResponse version = await calls.InvokeAsync(
            () => _version.VersionAsync(new Empty(), calls.Unary(null, cancellationToken)), subject, cancellationToken).ConfigureAwait(false);
        ServerResponse server = await calls.InvokeAsync(
            () => _client.ServerAsync(new Empty(), calls.Unary(null, cancellationToken)), subject, cancellationToken).ConfigureAwait(false);
        return new CtrServer
        {
            Address = calls.Endpoint.Address,
            Version = version.Version,
            Revision = version.Revision,
            Uuid = server.Uuid,
            ProcessId = server.Pid == 0 ? null : (long)server.Pid,
            ProcessNamespace = server.Pidns == 0 ? null : server.Pidns,
            Deprecations = server.Deprecations.Select(warning => new CtrDeprecation
            {
                Id = warning.Id,
                Message = warning.Message,
                LastOccurrence = WireTime.ToTime(warning.LastOccurrence),
            }).ToArray(),
        };
    }

    public async Task<IReadOnlyList<CtrPlugin>> ListPluginsAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        var request = new PluginsRequest();
        request.Filters.AddRange(filters);
        PluginsResponse response = await calls.InvokeAsync(
            () => _client.PluginsAsync(request, calls.Unary(null, cancellationToken)),
            new CallSubject("the plugins"),
            cancellationToken).ConfigureAwait(false);
        return [.. response.Plugins.Select(ToPlugin)];
    }

    private static CtrPlugin ToPlugin(Plugin plugin) => new()
    {
        Type = plugin.Type,
        Id = plugin.Id,
        Status = plugin.InitErr is null ? CtrPluginStatus.Ok
            : plugin.InitErr.Message.Contains("skip plugin", StringComparison.Ordinal) ? CtrPluginStatus.Skip
            : CtrPluginStatus.Error,
        Reason = plugin.InitErr?.Message,
        PlatformValues = plugin.Platforms.Select(
            platform => new CtrPlatform(platform.Os, platform.Architecture, platform.Variant, platform.OsVersion)).ToArray(),
        Capabilities = plugin.Capabilities.ToArray(),
        Requires = plugin.Requires.ToArray(),
        Exports = SortedMap.From(plugin.Exports),
    };
}
