using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Polly;

namespace CtrPS.Client.Registry;

/// <summary>A request to a registry, made anew for each try.</summary>
internal sealed record RegistryRequest
{
    public required HttpMethod Method { get; init; }

    /// <summary>Behind the endpoint's root, without a slash before it: <c>library/nginx/manifests/latest</c>.</summary>
    public string Path { get; init; } = "";

    /// <summary>In the place of <see cref="Path"/>: an address that the registry gave, such as that of an upload.</summary>
    public Uri? Address { get; init; }

    /// <summary>Behind the '?'. Empty: nothing.</summary>
    public string Query { get; init; } = "";

    /// <summary>What is to be done, such as <c>repository:library/nginx:pull</c>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Media types that are taken, as they stand in Accept. Null: any.</summary>
    public string? Accept { get; init; }

    /// <summary>The bytes that are wanted. Null: all.</summary>
    public RangeHeaderValue? Range { get; init; }

    /// <summary>Makes the body. Null: there is none.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>The image in words, for messages: <c>image 'x'</c>.</summary>
    public required string What { get; init; }
}

/// <summary>
/// One endpoint of a registry and what we know of it: its connections, who we are there, whether it answers. Safe for concurrent use.
/// </summary>
internal sealed class RegistryHost(RegistryEndpoint endpoint, CtrRegistryOptions options, ICredentialSource credentials) : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly Lazy<RegistryTransport> _transport = new(() => new RegistryTransport(endpoint));
    private readonly ConcurrentDictionary<string, Authorizer> _authorizers = new(StringComparer.OrdinalIgnoreCase);
    private readonly ResiliencePipeline<HttpResponseMessage> _retries = RegistryRetry.OfRequests(options);
    private volatile bool _tls = endpoint.TriesTlsFirst;

    public RegistryEndpoint Endpoint => endpoint;

    /// <summary>Where it is spoken to.</summary>
    public Uri Root => _tls ? new UriBuilder(endpoint.Root) { Scheme = "https" }.Uri : endpoint.Root;

    /// <summary>Nobody answered there a moment ago.</summary>
    public bool IsDown { get; private set; }

    /// <summary>It does not answer where a part of a blob is asked for: the whole is, from now on.</summary>
    public bool KnowsNoParts { get; set; }

    /// <summary>Held by who changes a list that has no owner: reads it, adds to it, puts it back.</summary>
    public SemaphoreSlim ListGate { get; } = new(1);

    /// <summary>It was asked for a range of a blob and sent the whole: it is asked for none beside the others any more.</summary>
    public bool IgnoresRanges { get; set; }

    public bool May(RegistryCapabilities wanted) => (endpoint.Capabilities & wanted) == wanted;

    /// <summary>
    /// Sends a request, with tokens, over redirects, and again where a failure may pass. What is answered in the end is given, whatever it says; its
    /// body is not read yet.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="isLast">Nobody else can be asked: a failure that may pass is waited for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.RegistryUnreachable"/>, <see cref="CtrErrorIds.RegistryTlsFailed"/>, <see
    /// cref="CtrErrorIds.RegistryUntrusted"/>.</exception>
    public async Task<HttpResponseMessage> SendAsync(RegistryRequest request, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = await (isLast ? _retries : ResiliencePipeline<HttpResponseMessage>.Empty).ExecuteAsync(
                async token => await SendOnceAsync(request, asUser: true, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            IsDown = false;
            return response;
        }
        catch (HttpRequestException e) when (e.InnerException is CtrException own)
        {
            throw new CtrException(own.ErrorId, own.Status, own.Message, e) { Target = own.Target, RecommendedAction = own.RecommendedAction };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            IsDown = true;
            throw RegistryFaults.Unreachable(request.What, Root, e);
        }
    }

    /// <summary>Sends a request once, without a word about who asks, and follows nothing: what is answered is given.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.RegistryUnreachable"/>, <see cref="CtrErrorIds.RegistryTlsFailed"/>.</exception>
    public async Task<HttpResponseMessage> AskPlainlyAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await SendOnceAsync(request, asUser: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw RegistryFaults.Unreachable(request.What, Root, e);
        }
    }

    public void Dispose()
    {
        if (_transport.IsValueCreated)
        {
            _transport.Value.Dispose();
        }

        foreach (Authorizer authorizer in _authorizers.Values)
        {
            authorizer.Dispose();
        }

        ListGate.Dispose();
    }

    /// <param name="request">The request.</param>
    /// <param name="asUser">Tell who asks, where that is asked for, and follow redirects.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task<HttpResponseMessage> SendOnceAsync(RegistryRequest request, bool asUser, CancellationToken cancellationToken)
    {
        Uri address = request.Address ?? AddressOf(request);
        int redirects = 0;
        int refused = 0;
        while (true)
        {
            using HttpRequestMessage message = Make(request, address);
            Authorizer? authorizer = asUser ? AuthorizerOf(address) : null;
            if (authorizer is not null)
            {
                await authorizer.ApplyAsync(message, request.Scopes, cancellationToken).ConfigureAwait(false);
            }

            HttpResponseMessage response;
            try
            {
                response = await AnswerAsync(message, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException) when (endpoint.TriesTlsFirst && IsTlsOfOurs(address) && _transport.Value.SpeaksPlainly)
            {
                _tls = false; // nothing was sent: the other side cannot speak TLS. Another request may have found that out before.
                address = request.Address ?? AddressOf(request);
                continue;
            }

            if (authorizer is null)
            {
                return response;
            }

            bool ended = false;
            try
            {
                if (response.StatusCode == HttpStatusCode.Unauthorized && refused < 2
                    && await authorizer.LearnAsync(response, message.Headers.Authorization, request.Scopes, cancellationToken).ConfigureAwait(false))
                {
                    refused++;
                    ended = true;
                    continue;
                }

                if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308
                    && response.Headers.Location is { } location && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head))
                {
                    address = redirects++ < MaxRedirects
                        ? Safe(new Uri(address, location), address)
                        : throw RegistryFaults.Broken(request.What, Root, $"it redirects more than {MaxRedirects} times.");
                    ended = true;
                    continue;
                }

                return response;
            }
            catch
            {
                ended = true;
                throw;
            }
            finally
            {
                if (ended)
                {
                    response.Dispose();
                }
            }
        }
    }

    /// <summary>
    /// The head of the answer, which must come in time. With a body to send, it comes when that is sent: who sends watches over it.
    /// </summary>
    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        if (message.Content is not null)
        {
            return await _transport.Value.SendAsync(message, cancellationToken).ConfigureAwait(false);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.StallTimeout + endpoint.DialTimeout);
        try
        {
            return await _transport.Value.SendAsync(message, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"no answer within {(options.StallTimeout + endpoint.DialTimeout).TotalSeconds:0.#} seconds", e);
        }
    }

    /// <summary>An address that the registry gave, if anybody may be sent there.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.RegistryUntrusted"/>.</exception>
    public Uri Safe(Uri target, Uri from) =>
        target.Scheme is not ("http" or "https")
            ? throw RegistryFaults.UnsafePlace(Root, $"an address of the scheme '{ForeignText.Show(target.Scheme)}'")
            : target.UserInfo.Length > 0 ? throw RegistryFaults.UnsafePlace(Root, "an address with a user in it")
            : from.Scheme == "https" && target.Scheme == "http"
            ? throw RegistryFaults.UnsafePlace(Root, $"{RegistryFaults.Show(target)}, which is not encrypted")
            : IPAddress.TryParse(target.IdnHost, out IPAddress? ip) && RegistryTransport.IsLinkLocal(ip)
                && !string.Equals(target.IdnHost, endpoint.Root.IdnHost, StringComparison.OrdinalIgnoreCase)
            ? throw RegistryFaults.UnsafePlace(Root, $"'{target.Host}', which is a link-local or metadata address")
            : target;

    private Uri AddressOf(RegistryRequest request) =>
        new($"{Root.AbsoluteUri.TrimEnd('/')}/{request.Path}{(request.Query.Length > 0 ? "?" + request.Query : "")}");

    private HttpRequestMessage Make(RegistryRequest request, Uri address)
    {
        var message = new HttpRequestMessage(request.Method, address) { Content = request.Content?.Invoke() };
        if (request.Accept is not null)
        {
            _ = message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        }

        message.Headers.Range = request.Range;
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (IsOwn(address))
        {
            foreach ((string name, IReadOnlyList<string> values) in endpoint.Headers)
            {
                _ = message.Headers.TryAddWithoutValidation(name, values);
            }
        }

        return message;
    }

    /// <summary>Whether TLS is spoken there with the endpoint itself, and not with whom it sends us to.</summary>
    private bool IsTlsOfOurs(Uri address) => address.Scheme == "https" && address.Port == endpoint.Root.Port
        && string.Equals(address.IdnHost, endpoint.Root.IdnHost, StringComparison.OrdinalIgnoreCase);

    private bool IsOwn(Uri address) => Uri.Compare(
        address, Root, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>Each host is told by itself who asks: what one may know, another may not.</summary>
    private Authorizer AuthorizerOf(Uri address) => _authorizers.GetOrAdd(
        address.GetComponents(UriComponents.SchemeAndServer | UriComponents.StrongPort, UriFormat.Unescaped),
        _ => new Authorizer(
            new Uri(address, "/"), credentials, options.TrustedRealms, (message, token) => _transport.Value.SendAsync(message, token)));
}
