using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace CtrPS.Client.Tests.Connection;

/// <summary>Each way in which a connection can fail has its own error, and names the address.</summary>
public sealed class ConnectFaultTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public Task A_missing_socket() => FailsAsync("none.sock", CtrErrorIds.AddressNotFound);

    [Fact]
    public Task A_file_that_is_no_socket()
    {
        File.WriteAllText(PathOf("file"), "text");
        return FailsAsync("file", CtrErrorIds.NotASocket);
    }

    [Fact]
    public Task A_directory()
    {
        _ = _folder.CreateSubdirectory("folder");
        return FailsAsync("folder", CtrErrorIds.NotASocket);
    }

    [Fact]
    public async Task A_socket_without_a_listener()
    {
        string path = PathOf("dead.sock");
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // The file stays when a process dies; closing .NET's socket would take it away, so it is a hard link that stays.
            listener.Bind(new UnixDomainSocketEndPoint(path));
            using var link = System.Diagnostics.Process.Start("ln", [path, PathOf("left.sock")]);
            await link.WaitForExitAsync();
        }

        await FailsAsync("left.sock", CtrErrorIds.ConnectionRefused);
    }

    [Fact]
    public async Task An_http1_server()
    {
        await using WebApplication server = await ServeAsync("http1.sock", HttpProtocols.Http1, _ => Task.CompletedTask);
        await FailsAsync("http1.sock", CtrErrorIds.NotContainerd);
    }

    [Fact]
    public async Task A_grpc_server_without_containerds_services()
    {
        await using WebApplication server = await ServeAsync("grpc.sock", HttpProtocols.Http2, context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.AppendTrailer("grpc-status", "12");
            context.Response.AppendTrailer("grpc-message", "unknown service containerd.services.version.v1.Version");
            return Task.CompletedTask;
        });
        await FailsAsync("grpc.sock", CtrErrorIds.NotContainerd);
    }

    [Fact]
    public async Task A_web_server_over_http2()
    {
        await using WebApplication server = await ServeAsync("web.sock", HttpProtocols.Http2, context => context.Response.WriteAsync("hello"));
        await FailsAsync("web.sock", CtrErrorIds.NotContainerd);
    }

    [Fact]
    public async Task A_server_that_never_answers()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(PathOf("silent.sock")));
        listener.Listen();
        await FailsAsync("silent.sock", CtrErrorIds.Timeout);
    }

    [Fact]
    public async Task A_tcp_port_without_a_listener()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        CtrException error = await OpenAsync(CtrEndpoint.Parse($"tcp://127.0.0.1:{port}"));
        Assert.Equal(CtrErrorIds.ConnectionRefused, error.ErrorId);
        Assert.Contains($"tcp://127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_with_a_server_that_has_none()
    {
        using var plain = new TcpListener(IPAddress.Loopback, 0);
        plain.Start();
        int port = ((IPEndPoint)plain.LocalEndpoint).Port;
        Task answer = Task.Run(async () =>
        {
            using Socket client = await plain.AcceptSocketAsync();
            _ = await client.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        });
        CtrException error = await OpenAsync(CtrEndpoint.Parse($"tcp://127.0.0.1:{port}") with { Tls = new CtrTlsOptions() });
        await answer;
        Assert.Equal(CtrErrorIds.TlsFailed, error.ErrorId);
    }

    [Fact]
    public async Task Cancelling_is_no_error_of_the_connection()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(PathOf("silent.sock")));
        listener.Listen();
        using var cancel = new CancellationTokenSource();
        Task<ICtrConnection> open = Connector.OpenAsync(CtrEndpoint.Parse(PathOf("silent.sock")), cancel.Token);
        await cancel.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open);
    }

    private static async Task<CtrException> OpenAsync(CtrEndpoint endpoint) =>
        await Assert.ThrowsAsync<CtrException>(
            () => Connector.OpenAsync(endpoint with { Timeout = TimeSpan.FromSeconds(2) }, CancellationToken.None));

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private async Task FailsAsync(string name, string id)
    {
        CtrException error = await OpenAsync(CtrEndpoint.Parse(PathOf(name)));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(PathOf(name), error.Message, StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(error.RecommendedAction));
        Assert.True(error.IsConnectionFault);
    }

    private async Task<WebApplication> ServeAsync(string name, HttpProtocols protocols, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        _ = builder.Logging.ClearProviders();
        _ = builder.WebHost.ConfigureKestrel(options => options.ListenUnixSocket(PathOf(name), listen => listen.Protocols = protocols));
        WebApplication app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}
