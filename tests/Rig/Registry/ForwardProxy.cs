using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CtrPS.Rig.Registry;

/// <summary>A request as a forward proxy saw it.</summary>
/// <param name="Method">CONNECT for a tunnel.</param>
/// <param name="Target">Where to, as the client said it: <c>registry.example:443</c>, <c>http://registry.example/v2/</c>.</param>
/// <param name="Status">What the proxy answered; of what it handed on 200.</param>
public sealed record ProxiedRequest(string Method, string Target, int Status);

/// <summary>
/// A forward proxy on a free port of 127.0.0.1: tunnels by CONNECT, and plain requests with the whole address in their first line. Whatever the name,
/// it leads to the one registry, so that names need no DNS; names below <c>.invalid</c> it does not reach.
/// </summary>
public sealed class ForwardProxy : IAsyncDisposable
{
    private const int MaxHead = 64 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly List<ProxiedRequest> _asked = [];
    private readonly IPEndPoint _target;
    private readonly string? _login;
    private Task _accepting = Task.CompletedTask;

    private ForwardProxy(IPEndPoint target, string? login)
    {
        _target = target;
        _login = login;
    }

    /// <summary>Host and port.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>What it was asked for so far.</summary>
    public IReadOnlyList<ProxiedRequest> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    /// <param name="target">Where everything leads: the registry's host and port.</param>
    /// <param name="login">User and password, <c>user:password</c>, that are asked for (407). Null: nobody is asked.</param>
    public static ForwardProxy Start(string target, string? login)
    {
        var proxy = new ForwardProxy(IPEndPoint.Parse(target), login);
        proxy._listener.Start();
        proxy._accepting = proxy.AcceptAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                serving.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (await ReadHeadAsync(stream) is { } head && !await AnswerAsync(stream, head))
                {
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The client went, or the test is over.
            }
        }
    }

    /// <returns>Whether the connection is used up.</returns>
    private async Task<bool> AnswerAsync(NetworkStream client, string[] head)
    {
        var (method, target) = head[0].Split(' ') is [var first, var second, ..] ? (first, second) : ("", "");
        var login = head.FirstOrDefault(line => line.StartsWith("Proxy-Authorization: Basic ", StringComparison.OrdinalIgnoreCase))?.Split(' ')[^1];
        var isTunnel = method == "CONNECT";
        var host = isTunnel ? target.Split(':')[0] : Uri.TryCreate(target, UriKind.Absolute, out var address) ? address.Host : "";
        var status = _login is not null && login != Convert.ToBase64String(Encoding.UTF8.GetBytes(_login)) ? 407
            : host is "" || host.EndsWith(".invalid", StringComparison.Ordinal) ? 502
            : 200;
        lock (_asked)
        {
            _asked.Add(new ProxiedRequest(method, target, status));
        }

        if (status != 200)
        {
            var more = status == 407 ? "Proxy-Authenticate: Basic realm=\"rig\"\r\n" : "";
            await client.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} No\r\n{more}Content-Length: 0\r\n\r\n"), _end.Token);
            return false;
        }

        using var server = new TcpClient();
        await server.ConnectAsync(_target, _end.Token);
        var upstream = server.GetStream();
        if (isTunnel)
        {
            await client.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray(), _end.Token);
        }
        else
        {
            // One request a connection: the next one has another first line.
            var lines = head.Skip(1).Where(line => !line.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase)
                && !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase));
            var text = string.Join("\r\n", [$"{method} {new Uri(target).PathAndQuery} HTTP/1.1", .. lines, "Connection: close", "", ""]);
            await upstream.WriteAsync(Encoding.ASCII.GetBytes(text), _end.Token);
        }

        var up = client.CopyToAsync(upstream, _end.Token);
        await upstream.CopyToAsync(client, _end.Token);
        client.Socket.Shutdown(SocketShutdown.Both);
        await up.ContinueWith(_ => { }, TaskScheduler.Default);
        return true;
    }

    /// <summary>The lines of a request's head. Null: the client has no more requests.</summary>
    private async Task<string[]?> ReadHeadAsync(NetworkStream client)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < MaxHead)
        {
            if (await client.ReadAsync(one, _end.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
            if (one[0] == '\n' && head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                return head.ToString().TrimEnd().Split("\r\n");
            }
        }

        return null;
    }
}
