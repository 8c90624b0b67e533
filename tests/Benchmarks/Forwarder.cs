using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CtrPS.Benchmarks;

/// <summary>
/// Takes connections by TCP on this machine's own address and hands them on to a unix socket: a daemon as it is seen from another machine.
/// </summary>
internal sealed class Forwarder : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _socket;
    private readonly Task _accepting;

    public Forwarder(string socket)
    {
        _socket = socket;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"tcp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ForwardAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (client)
        {
            client.NoDelay = true;
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_socket), _stop.Token);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client)).Unwrap().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[1 << 17];
        for (int read; (read = await from.ReceiveAsync(buffer, _stop.Token)) > 0;)
        {
            for (int sent = 0; sent < read;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stop.Token);
            }
        }
    }
}
