using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace CtrPS.Rig.Registry;

/// <summary>
/// Stands before a private registry and hands everything through, but for what its faults say. Clients speak to <see cref="FaultyServer.Address"/>,
/// where the registry's own addresses lead too: locations of uploads, and the realm of its token server, which has faults of its own.
/// </summary>
public sealed partial class FaultyRegistry : FaultyServer
{
    private readonly RegistryRig _upstream;
    private readonly HttpClient _client;
    private readonly bool _isTls;
    private readonly ReferrerApi? _referrers;

    private FaultyRegistry(RegistryRig upstream, bool isTls, bool knowsReferrers)
    {
        _upstream = upstream;
        _client = upstream.CreateClient();
        _isTls = isTls;
        _referrers = knowsReferrers ? new ReferrerApi() : null;
    }

    /// <summary>The certificate to trust (PEM) when it serves HTTPS, else null.</summary>
    public string? CertificatePath => _isTls ? _upstream.AuthorityPath : null;

    /// <param name="upstream">The registry behind. It is not disposed of.</param>
    /// <param name="options">How it is set up.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<FaultyRegistry> StartAsync(
        RegistryRig upstream, FaultyRegistryOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new FaultyRegistryOptions();
        var isTls = options.Tls ?? upstream.Url.Scheme == Uri.UriSchemeHttps;
        var faulty = new FaultyRegistry(upstream, isTls, options.Referrers);
        try
        {
            var certificate = isTls ? upstream.Authority.IssueServer(options.Leaf) : null;
            List<(FaultyPlace, IPAddress, System.Security.Cryptography.X509Certificates.X509Certificate2?)> places =
            [
                (FaultyPlace.Self, IPAddress.Loopback, certificate),
                (FaultyPlace.OtherPort, IPAddress.Loopback, certificate),
                (FaultyPlace.Storage, OtherLoopback, certificate),
            ];
            if (isTls)
            {
                places.Add((FaultyPlace.Plain, IPAddress.Loopback, null));
            }

            await faulty.ListenAsync(places, cancellationToken);
            return faulty;
        }
        catch
        {
            await faulty.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts an image into the registry behind, past all faults and the log, and returns its reference here.</summary>
    /// <inheritdoc cref="RegistryRig.PushAsync"/>
    public async Task<string> PushAsync(
        string image, string? repository = null, bool docker = false, CancellationToken cancellationToken = default)
    {
        var reference = await _upstream.PushAsync(image, repository, docker, cancellationToken);
        return Address + reference[_upstream.Address.Length..];
    }

    private protected override async Task<HttpResponseMessage> AnswerAsync(
        HttpContext context, ServedRequest request, RegistryFault? fault, Stream body)
    {
        if (request is { Place: FaultyPlace.Storage, IsAuthorized: true })
        {
            return new HttpResponseMessage(HttpStatusCode.BadRequest)
            {
                Content = new StringContent("<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"),
            };
        }

        if (_referrers?.TryList(request) is { } list)
        {
            return list;
        }

        byte[]? manifest = null;
        if (_referrers is not null && ReferrerApi.IsPut(request))
        {
            using var whole = new MemoryStream();
            await body.CopyToAsync(whole, context.RequestAborted);
            manifest = whole.ToArray();
        }

        var path = fault?.RefuseMount == true && request.Path.Contains("mount=") ? request.Path.Split('?')[0] : request.Path;
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(_upstream.Url, path));
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
        {
            message.Content = manifest is null ? new StreamContent(body) : new ByteArrayContent(manifest);
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            var isDropped = IsOfConnection(name) || name is "Host" or "Expect"
                || (name == "Authorization" && fault?.DropAuthorization == true)
                || (name == "Range" && fault?.IgnoreRange == true);
            if (!isDropped && !message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        // So that the registry names this server where it names itself.
        message.Headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
        if (request.Place == FaultyPlace.Storage && RepositoryOf().Match(request.Path) is { Success: true } match)
        {
            message.Headers.Authorization = _upstream.Authorize(match.Groups[1].Value);
        }

        var answer = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        if (manifest is not null)
        {
            _referrers!.Note(request, manifest, answer);
        }

        return answer;
    }

    private protected override ValueTask ReleaseAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex("^/v2/(.+)/(?:blobs|manifests|tags)/")]
    private static partial Regex RepositoryOf();
}
