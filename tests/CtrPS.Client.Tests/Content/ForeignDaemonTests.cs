using System.Net.Sockets;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;
using CtrPS.Client.Server;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Content;

/// <summary>A daemon of another machine behind a socket of this one: a folder of the same name here is not its own.</summary>
public sealed class ForeignDaemonTests(Daemons daemons)
{
    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Only_a_daemon_whose_identity_file_is_here_is_read_as_files(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        string folder = Directory.CreateTempSubdirectory("foreign-").FullName;
        string socket = Path.Combine(folder, "proxy.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        listener.Listen();
        using var stop = new CancellationTokenSource();
        Task serving = ServeAsync(listener, CtrEndpoint.Parse(rig.Address).Path!, stop.Token);
        try
        {
            CtrEndpoint endpoint = CtrEndpoint.Parse(socket);
            await using ContainerdConnection connection = await ContainerdConnection.OpenAsync(endpoint, CancellationToken.None);
            string uuid = (await connection.Server.GetAsync(CancellationToken.None)).Uuid;

            // A blob of this machine that the daemon does not have.
            byte[] bytes = "{}"u8.ToArray();
            var blob = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = Digests.Of(bytes), Size = bytes.Length };
            string content = Directory.CreateDirectory(Path.Combine(folder, "root", "io.containerd.content.v1.content", "blobs", "sha256")).FullName;
            await File.WriteAllBytesAsync(Path.Combine(content, blob.Digest["sha256:".Length..]), bytes);
            string identity = Directory.CreateDirectory(Path.Combine(folder, "root", "io.containerd.grpc.v1.introspection")).FullName;

            await ExpectMissingAsync();
            await File.WriteAllTextAsync(Path.Combine(identity, "uuid"), Guid.NewGuid().ToString());
            await ExpectMissingAsync();

            await File.WriteAllTextAsync(Path.Combine(identity, "uuid"), uuid);
            Assert.Equal(bytes, (await Store(endpoint).ReadAsync(blob, CancellationToken.None)).ToArray());
            await using Stream file = await Store(endpoint).OpenAsync(blob, 1, CancellationToken.None);
            Assert.Equal((int)'}', file.ReadByte());

            // Over TCP nothing is a file, whatever is here.
            var tcp = new DaemonMachine(
                CtrEndpoint.Parse("tcp://127.0.0.1:1"),
                new MovedServer(connection.Server, folder),
                new ServerFacts(new MovedServer(connection.Server, folder)));
            Assert.False(await tcp.IsLocalAsync(CancellationToken.None));

            NamespaceBlobs Store(CtrEndpoint at)
            {
                var server = new MovedServer(connection.Server, folder);
                var facts = new ServerFacts(server);
                var store = new ContentStore(ChannelFactory.Create(at), new Calls(at), facts, new DaemonMachine(at, server, facts));
                return new NamespaceBlobs(store, "foreign", listed: false, CancellationToken.None);
            }

            async Task ExpectMissingAsync()
            {
                CtrException missing = await Assert.ThrowsAsync<CtrException>(
                    async () => await Store(endpoint).ReadAsync(blob, CancellationToken.None));
                Assert.Equal(CtrErrorIds.BlobMissing, missing.ErrorId);
                await using Stream opened = await Store(endpoint).OpenAsync(blob, 0, CancellationToken.None);
                missing = await Assert.ThrowsAsync<CtrException>(async () => await opened.ReadExactlyAsync(new byte[1]));
                Assert.Equal(CtrErrorIds.BlobMissing, missing.ErrorId);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await serving;
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ServeAsync(Socket listener, string daemon, CancellationToken stop)
    {
        var carried = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync(stop);
                carried.Add(CarryAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(carried);
        }

        async Task CarryAsync(Socket client)
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            using CancellationTokenRegistration end = stop.Register(client.Dispose);
            try
            {
                await SocketProxy.ForwardAsync(stream, daemon);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }

    /// <summary>The same daemon, which says that its files are elsewhere.</summary>
    private sealed class MovedServer(IServerInspector server, string folder) : IServerInspector
    {
        public Task<CtrServer> GetAsync(CancellationToken cancellationToken) => server.GetAsync(cancellationToken);

        public async Task<IReadOnlyList<CtrPlugin>> ListPluginsAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken) =>
            [.. (await server.ListPluginsAsync(filters, cancellationToken)).Select(plugin => plugin.Type == "io.containerd.content.v1"
                ? plugin.With(copy =>
                {
                    copy.Exports = new Dictionary<string, string> { ["root"] = Path.Combine(folder, "root", "io.containerd.content.v1.content") };
                })
                : plugin)];
    }
}
