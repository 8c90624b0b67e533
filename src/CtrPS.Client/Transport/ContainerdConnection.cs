using CtrPS.Client.Archive;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Introspection;
using CtrPS.Client.Leases;
using CtrPS.Client.Namespaces;
using CtrPS.Client.Snapshots;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Transport;

/// <summary>One channel to one containerd, and the services on it.</summary>
internal sealed class ContainerdConnection : ICtrConnection
{
    private readonly GrpcChannel _channel;

    private ContainerdConnection(GrpcChannel channel, Calls calls, string serverVersion)
    {
        _channel = channel;
        ServerVersion = serverVersion;
        Server = new ServerInspector(channel, calls);
        Namespaces = new NamespaceStore(channel, calls);
        var facts = new ServerFacts(Server);
        var content = new ContentStore(channel, calls, facts);
        var images = new ImageStore(channel, calls, content, facts);
        var leases = new LeaseStore(channel, calls);
        var unpacker = new Unpacker(channel, calls, content, new SnapshotStore(channel, calls), leases, facts, Namespaces);
        Images = images;
        Importer = new ImageImporter(content, images, leases, unpacker, facts);
        Garbage = new GarbageCollector(leases);
    }

    public string ServerVersion { get; }

    public IImageStore Images { get; }

    public IImageImporter Importer { get; }

    public INamespaceStore Namespaces { get; }

    public IServerInspector Server { get; }

    public IGarbageCollector Garbage { get; }

    public static async Task<ContainerdConnection> OpenAsync(CtrEndpoint endpoint, CancellationToken cancellationToken)
    {
        var calls = new Calls(endpoint);
        GrpcChannel channel = ChannelFactory.Create(endpoint);
        try
        {
            // GrpcChannel.ConnectAsync does not work with a ConnectCallback: a real call is the probe.
            Containerd.Services.Version.V1.VersionResponse version = await calls.InvokeAsync(
                () => new Containerd.Services.Version.V1.Version.VersionClient(channel).VersionAsync(new Empty(), calls.Unary(null, cancellationToken)),
                new CallSubject("the version of the server"),
                cancellationToken).ConfigureAwait(false);
            calls.ServerVersion = version.Version;
            return new ContainerdConnection(channel, calls, version.Version);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.NotSupported or CtrErrorIds.ServerError)
        {
            channel.Dispose();
            throw ConnectFault.NotContainerd(endpoint, "it speaks HTTP/2, but has none of containerd's services.", e);
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
