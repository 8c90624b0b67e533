using System.Net;
using System.Net.Sockets;

namespace CtrPS.Client.Tests.Daemon;

/// <summary>A proxy on loopback in front of a daemon's socket, as a user may run one; each connection may be wrapped first, say in TLS.</summary>
internal sealed class SocketProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public SocketProxy(string socket, Func<Stream, CancellationToken, Task<Stream>>? wrap = null)
    {
        _listener.Start();
        _serving = ServeAsync(socket, wrap);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Carries bytes both ways until one side ends.</summary>
    public static async Task ForwardAsync(Stream client, string socket)
    {
        using var daemon = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await daemon.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        await using var stream = new NetworkStream(daemon, ownsSocket: false);
        _ = await Task.WhenAny(client.CopyToAsync(stream), stream.CopyToAsync(client));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync(string socket, Func<Stream, CancellationToken, Task<Stream>>? wrap)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token), socket, wrap));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task CarryAsync(TcpClient client, string socket, Func<Stream, CancellationToken, Task<Stream>>? wrap)
    {
        using (client)
        {
            try
            {
                await using Stream stream = wrap is null ? client.GetStream() : await wrap(client.GetStream(), _stop.Token);
                using CancellationTokenRegistration end = _stop.Token.Register(client.Close);
                await ForwardAsync(stream, socket);
            }
            catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException
                or OperationCanceledException)
            {
                // A client that does not trust us, or that we do not, or a daemon that was killed: it hears of it on its own side.
            }
        }
    }
}
