using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;

namespace CtrPS.Rig.Registry;

/// <summary>
/// A server on free ports of the loopback addresses that keeps a log of its requests and serves some of them wrong. It speaks HTTP/1.1 alone: a
/// connection is one request's at a time, so that it can be cut.
/// </summary>
public abstract class FaultyServer : IAsyncDisposable
{
    private const int BufferSize = 128 * 1024;

    /// <summary>Headers that belong to a connection, not to an answer (RFC 9110, 7.6.1).</summary>
    private static readonly HashSet<string> OfConnection =
        new(["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"], StringComparer.OrdinalIgnoreCase);

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly List<(RegistryFault Fault, int Met)> _faults = [];
    private readonly List<ServedRequest> _requests = [];
    private readonly Dictionary<IPEndPoint, FaultyPlace> _places = [];
    private readonly Dictionary<FaultyPlace, Uri> _urls = [];
    private WebApplication? _app;
    private int _count;

    private protected FaultyServer()
    {
    }

    /// <summary>Another host that is this machine too.</summary>
    internal static IPAddress OtherLoopback { get; } = IPAddress.Parse("127.0.0.2");

    /// <summary>Where the server is, with a slash at the end.</summary>
    public Uri Url => UrlOf(FaultyPlace.Self);

    /// <summary>Host and port as they stand in an image reference.</summary>
    public string Address => Url.Authority;

    /// <summary>What was asked so far, in the order in which it came in. A copy; the requests in it may still be served.
    /// See <see cref="SettleAsync"/>.</summary>
    public IReadOnlyList<ServedRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>
    /// The log when all that came in is over: a client has the last byte a moment before the log says so. What still runs after the patience,
    /// a request that hangs, is in it as it is.
    /// </summary>
    public async Task<IReadOnlyList<ServedRequest>> SettleAsync(TimeSpan patience, CancellationToken cancellationToken = default)
    {
        var clock = Stopwatch.StartNew();
        while (Requests.Any(request => !request.IsOver) && clock.Elapsed < patience)
        {
            await Task.Delay(5, cancellationToken);
        }

        return Requests;
    }

    /// <exception cref="ArgumentException">The server has no such place.</exception>
    public Uri UrlOf(FaultyPlace place) =>
        _urls.TryGetValue(place, out var url) ? url : throw new ArgumentException($"the server has no place '{place}'");

    /// <summary>From now on this is wrong too. Of several faults that fit a request the first is the one.</summary>
    public void Add(RegistryFault fault)
    {
        lock (_lock)
        {
            _faults.Add((fault, 0));
        }
    }

    /// <summary>From now on all is well.</summary>
    public void ClearFaults()
    {
        lock (_lock)
        {
            _faults.Clear();
        }
    }

    /// <summary>Empties the log.</summary>
    public void ClearRequests()
    {
        lock (_lock)
        {
            _requests.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_app is not null)
        {
            using var atOnce = new CancellationTokenSource();
            await atOnce.CancelAsync(); // a fault may hold a request for ever
            await _app.StopAsync(atOnce.Token);
            await _app.DisposeAsync();
            _app = null;
        }

        await ReleaseAsync();
    }

    /// <summary>The right answer to a request.</summary>
    /// <param name="context">The request; its body is in <paramref name="body"/>.</param>
    /// <param name="request">The request as the log has it.</param>
    /// <param name="fault">What is to be done wrong on the way to it.</param>
    /// <param name="body">What the client sends.</param>
    private protected abstract Task<HttpResponseMessage> AnswerAsync(
        HttpContext context, ServedRequest request, RegistryFault? fault, Stream body);

    private protected virtual ValueTask ReleaseAsync() => ValueTask.CompletedTask;

    private protected async Task ListenAsync(
        IReadOnlyList<(FaultyPlace Place, IPAddress Address, X509Certificate2? Certificate)> places, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.MaxWriteBufferSize = 1); // what is flushed is with the system
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            foreach (var (_, address, certificate) in places)
            {
                kestrel.Listen(address, 0, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    if (certificate is not null)
                    {
                        listen.UseHttps(certificate);
                    }
                });
            }
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync(cancellationToken);
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        foreach (var (place, text) in places.Zip(addresses))
        {
            var url = new Uri(text + "/");
            _urls[place.Place] = url;
            _places[new IPEndPoint(place.Address, url.Port)] = place.Place;
        }
    }

    /// <summary>Whether a header is not handed on.</summary>
    private protected static bool IsOfConnection(string header) => OfConnection.Contains(header);

    private async Task HandleAsync(HttpContext context)
    {
        var (request, fault) = Enter(context);
        try
        {
            await ServeAsync(context, request, fault);
            request.IsComplete = true;
        }
        catch (Exception end) when (CutIn(end) is { } cut)
        {
            await CutAsync(context, cut.IsReset);
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or HttpRequestException)
        {
            // The client has gone, or the server behind; what was sent cannot be taken back.
            request.Problem = end.Message;
            context.Abort();
        }
        finally
        {
            request.End();
        }
    }

    private async Task ServeAsync(HttpContext context, ServedRequest request, RegistryFault? fault)
    {
        if (fault is not null)
        {
            await Task.Delay(fault.Hang ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(fault.DelaySeconds), context.RequestAborted);
            if (fault.Drop)
            {
                throw new CutException(reset: true);
            }
        }

        var body = new CountedBody(context.Request.Body, fault, request);
        using var made = fault?.MakeAnswer();
        if (made is not null && !fault!.Early)
        {
            await body.CopyToAsync(Stream.Null, context.RequestAborted);
        }

        using var own = made is null ? await AnswerAsync(context, request, fault, body) : null;
        await SendAsync(context, made ?? own!, fault, request);
    }

    private async Task SendAsync(HttpContext context, HttpResponseMessage answer, RegistryFault? fault, ServedRequest request)
    {
        var response = context.Response;
        request.Status = response.StatusCode = (int)answer.StatusCode;
        var length = answer.Content.Headers.ContentLength; // looked up first: only then is it among the headers
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!IsOfConnection(name))
            {
                response.Headers[name] = values.ToArray();
            }
        }

        ChangeHeaders(response.Headers, length, fault, request);
        if (HttpMethods.IsHead(request.Method) || answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return;
        }

        await using var sink = new FaultyBody(context, fault, request);
        await using var content = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        await sink.WriteAsync(ReadOnlyMemory<byte>.Empty, context.RequestAborted); // what is due at offset 0
        if (fault?.Gzip == true)
        {
            await using var packed = new GZipStream(sink, CompressionLevel.Fastest, leaveOpen: true);
            await CopyAsync(content, packed, length, fault, context.RequestAborted);
        }
        else
        {
            await CopyAsync(content, sink, length, fault, context.RequestAborted);
        }
    }

    private void ChangeHeaders(IHeaderDictionary headers, long? length, RegistryFault? fault, ServedRequest request)
    {
        if (fault is null)
        {
            return;
        }

        if (fault.Lengthen != 0 && length is not null)
        {
            headers.ContentLength = Math.Max(0, length.Value + fault.Lengthen);
        }

        if (fault.Gzip)
        {
            headers.ContentEncoding = "gzip";
        }

        if (fault.Gzip || fault.Chunked)
        {
            headers.ContentLength = null;
        }

        if (fault.Redirect is not null)
        {
            headers.Location = Expand(fault.Redirect, request, "");
        }

        var location = headers.Location.ToString();
        foreach (var (name, value) in fault.Headers)
        {
            headers[name] = value is null ? StringValues.Empty : Expand(value, request, location);
        }
    }

    /// <summary>Fills in the places that a text of a fault names.</summary>
    private string Expand(string text, ServedRequest request, string location)
    {
        foreach (var (place, url) in _urls)
        {
            var name = place.ToString();
            text = text.Replace($"{{{char.ToLowerInvariant(name[0])}{name[1..]}}}", url.ToString().TrimEnd('/'), StringComparison.Ordinal);
        }

        var pathOfLocation = Uri.TryCreate(location, UriKind.Absolute, out var absolute) ? absolute.PathAndQuery : location;
        return text.Replace("{path}", request.Path, StringComparison.Ordinal).Replace("{location}", pathOfLocation, StringComparison.Ordinal);
    }

    private static async Task CopyAsync(Stream from, Stream to, long? length, RegistryFault? fault, CancellationToken cancellationToken)
    {
        var end = fault?.Lengthen < 0 ? (length ?? long.MaxValue) + fault.Lengthen : long.MaxValue;
        var buffer = new byte[BufferSize];
        long at = 0;
        int count;
        while ((count = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, Math.Max(0, end - at))), cancellationToken)) > 0)
        {
            if (fault?.CorruptAt is { } wrong && wrong >= at && wrong < at + count)
            {
                buffer[wrong - at] ^= 0xFF;
            }

            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            at += count;
        }

        Array.Clear(buffer);
        for (var more = fault?.Lengthen ?? 0; more > 0; more -= count)
        {
            count = (int)Math.Min(more, buffer.Length);
            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }

    /// <summary>Notes the request and finds the fault that it meets.</summary>
    private (ServedRequest Request, RegistryFault? Fault) Enter(HttpContext context)
    {
        var headers = context.Request.Headers;
        lock (_lock)
        {
            var request = new ServedRequest
            {
                Number = ++_count,
                Connection = context.Connection.Id,
                Place = _places[new IPEndPoint(context.Connection.LocalIpAddress!, context.Connection.LocalPort)],
                Method = context.Request.Method,
                Path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
                Host = context.Request.Host.Value ?? "",
                Range = Text(headers.Range),
                Scheme = Text(headers.Authorization)?.Split(' ')[0],
                UserAgent = Text(headers.UserAgent),
                Accept = Text(headers.Accept),
                ContentType = Text(headers.ContentType),
                HeaderNames = [.. headers.Keys],
                Waiting = 1 + _requests.Count(other => other.Method == context.Request.Method && other.Status == 0 && !other.IsOver),
            };
            _requests.Add(request);
            for (var i = 0; i < _faults.Count; i++)
            {
                var (fault, met) = _faults[i];
                if (!fault.Fits(request) || met >= (long)fault.Skip + (fault.Times ?? int.MaxValue))
                {
                    continue;
                }

                _faults[i] = (fault, met + 1);
                if (met >= fault.Skip)
                {
                    request.Fault = fault.Name ?? "fault";
                    return (request, fault);
                }
            }

            return (request, null);
        }
    }

    /// <summary>The cut that a failure comes from: an upload that is cut makes the request to the server behind fail.</summary>
    private static CutException? CutIn(Exception? failure) =>
        failure is null or CutException ? failure as CutException : CutIn(failure.InnerException);

    private static string? Text(StringValues values) => values.Count == 0 ? null : values.ToString();

    private static async Task CutAsync(HttpContext context, bool isReset)
    {
        var socket = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        if (isReset)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
        else
        {
            // What was sent arrives, then the end; the client closes its side.
            socket.Shutdown(SocketShutdown.Send);
            var closed = new TaskCompletionSource();
            await using (context.RequestAborted.Register(closed.SetResult))
            {
                await Task.WhenAny(closed.Task, Task.Delay(ClosePatience));
            }
        }

        context.Abort();
    }

    /// <summary>Signals are the program's, not the server's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
