using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CtrPS.Client.Registry;

/// <summary>
/// Identifies at a registry as docker's login does: a request for the API's root, and, where the registry sends one on to a token service, a
/// token from there. Nothing is redirected, and the password goes to no host but those two.
/// </summary>
internal sealed partial class LoginCheck : IRegistryLoginCheck
{
    private const int MaxAnswer = 1 << 20;

    /// <summary>Token services of registries that have them under another name.</summary>
    private static readonly Dictionary<string, string> KnownRealms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["registry-1.docker.io"] = "auth.docker.io",
        ["registry.gitlab.com"] = "gitlab.com",
    };

    /// <inheritdoc/>
    public async Task CheckAsync(
        string registry, NetworkCredential credential, CtrRegistryOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<RegistryEndpoint> endpoints = HostsFolders.Find(registry, options);
        RegistryEndpoint endpoint = endpoints.LastOrDefault(one => !one.IsMirror) ?? endpoints[^1];
        using var handler = new CheckHandler(endpoint);
        using var client = new HttpClient(handler.Handler, disposeHandler: false) { Timeout = TimeSpan.FromMinutes(1) };
        try
        {
            if (endpoint.TriesTlsFirst)
            {
                try
                {
                    await ProveAsync(client, endpoint, Secure(endpoint.Root), registry, credential, options, cancellationToken).ConfigureAwait(false);
                    return;
                }
                catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
                {
                    // It speaks plain HTTP: nothing was sent yet.
                }
            }

            await ProveAsync(client, endpoint, endpoint.Root, registry, credential, options, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            string cause = e.InnerException is AuthenticationException or IOException ? $"{e.Message} {e.InnerException.Message}" : e.Message;
            throw Fault(
                registry, CtrStatus.Unavailable, $"The registry '{registry}' cannot be asked at '{endpoint.Root}': {cause}",
                e.HttpRequestError == HttpRequestError.SecureConnectionError
                    ? "Name its authority with -CaCertificate or Set-CtrRegistryHost, or use -PlainHttp where it speaks no TLS."
                    : "Check the name, and with Get-CtrRegistryHost where it leads. -Force keeps the login without asking.",
                e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Fault(
                registry, CtrStatus.DeadlineExceeded, $"The registry '{registry}' did not answer in time at '{endpoint.Root}'.",
                "Check where it leads with Get-CtrRegistryHost. -Force keeps the login without asking.", e);
        }
    }

    private static async Task ProveAsync(
        HttpClient client, RegistryEndpoint endpoint, Uri root, string registry, NetworkCredential credential, CtrRegistryOptions options,
        CancellationToken cancellationToken)
    {
        var address = new Uri(root.AbsoluteUri.TrimEnd('/') + "/");
        using HttpResponseMessage first = await SendAsync(client, endpoint, address, null, cancellationToken).ConfigureAwait(false);
        if (first.StatusCode != HttpStatusCode.Unauthorized)
        {
            Require(first, registry, "asked without a login");
            return; // it wants none
        }

        string[] challenges = first.Headers.TryGetValues("WWW-Authenticate", out IEnumerable<string>? values) ? [.. values] : [];
        AuthenticationHeaderValue basic = Basic(credential);
        AuthenticationHeaderValue answer = challenges.Any(one => one.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            ? new AuthenticationHeaderValue("Bearer", await TokenAsync(
                client, address, challenges, registry, credential, options, cancellationToken).ConfigureAwait(false))
            : challenges.Any(one => one.StartsWith("Basic", StringComparison.OrdinalIgnoreCase))
            ? basic
            : throw Fault(registry, CtrStatus.Unauthenticated, $"The registry '{registry}' asks for a kind of login that is not known here.", null);
        using HttpResponseMessage second = await SendAsync(client, endpoint, address, answer, cancellationToken).ConfigureAwait(false);
        Require(second, registry, $"refuses the user '{credential.UserName}'");
    }

    private static async Task<string> TokenAsync(
        HttpClient client, Uri address, string[] challenges, string registry, NetworkCredential credential, CtrRegistryOptions options,
        CancellationToken cancellationToken)
    {
        string challenge = challenges.First(one => one.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase));
        var parts = Parameter().Matches(challenge)
            .DistinctBy(match => match.Groups["name"].Value)
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value, StringComparer.OrdinalIgnoreCase);
        if (!Uri.TryCreate(parts.GetValueOrDefault("realm"), UriKind.Absolute, out Uri? realm) || !IsTrusted(realm, address, options))
        {
            throw Fault(
                registry, CtrStatus.PermissionDenied,
                $"The registry '{registry}' sends logins on to '{parts.GetValueOrDefault("realm")}', which is not trusted with passwords.",
                "If it is the registry's own, keep the login with -Force.");
        }

        var query = new StringBuilder(realm.Query.TrimStart('?'));
        Append("service", parts.GetValueOrDefault("service"));
        Append("scope", parts.GetValueOrDefault("scope"));
        Append("account", credential.UserName);
        Append("client_id", "ctrps");
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri);
        request.Headers.Authorization = Basic(credential);
        using HttpResponseMessage response =
            await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Require(response, registry, $"refuses the user '{credential.UserName}'");
        await response.Content.LoadIntoBufferAsync(MaxAnswer, cancellationToken).ConfigureAwait(false);
        try
        {
            using JsonDocument json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
            foreach (string name in new[] { "token", "access_token" })
            {
                if (json.RootElement.TryGetProperty(name, out JsonElement token) && token.GetString() is { Length: > 0 } text)
                {
                    return text;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Told below, without the answer: it may be the token.
        }

        throw Fault(registry, CtrStatus.Unknown, $"The token service of '{registry}' gave no token.", null);

        void Append(string name, string? value)
        {
            if (value is not null)
            {
                query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
    }

    /// <summary>Whether a token service may see the password: the registry's own, one below its domain, or a known one.</summary>
    private static bool IsTrusted(Uri realm, Uri registry, CtrRegistryOptions options) =>
        realm.UserInfo.Length == 0
        && (realm.Scheme == Uri.UriSchemeHttps || (realm.Scheme == Uri.UriSchemeHttp && registry.Scheme == Uri.UriSchemeHttp))
        && (realm.Host == registry.Host
            || KnownRealms.GetValueOrDefault(registry.Host) == realm.Host
            || options.TrustedRealms.Contains(realm.Host, StringComparer.OrdinalIgnoreCase)
            || (registry.HostNameType == UriHostNameType.Dns && realm.Host.EndsWith("." + registry.Host, StringComparison.OrdinalIgnoreCase)));

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, RegistryEndpoint endpoint, Uri address, AuthenticationHeaderValue? login, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach ((string name, IReadOnlyList<string> values) in endpoint.Headers)
        {
            _ = request.Headers.TryAddWithoutValidation(name, values);
        }

        if (login is not null)
        {
            request.Headers.Authorization = login;
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    private static void Require(HttpResponseMessage response, string registry, string words)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        bool refused = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        throw Fault(
            registry, refused ? CtrStatus.Unauthenticated : CtrStatus.Unknown,
            refused
                ? $"The registry '{registry}' {words} ({(int)response.StatusCode})."
                : $"The registry '{registry}' answered {(int)response.StatusCode} when it was asked for a login.",
            refused
                ? "Check user and password. Many registries want an access token in the place of the password."
                : "Check with Get-CtrRegistryHost where it leads.");
    }

    private static AuthenticationHeaderValue Basic(NetworkCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}")));

    private static Uri Secure(Uri root) => new UriBuilder(root) { Scheme = Uri.UriSchemeHttps, Port = root.IsDefaultPort ? -1 : root.Port }.Uri;

    private static CtrException Fault(string registry, CtrStatus status, string message, string? action, Exception? cause = null) =>
        new(CtrErrorIds.LoginFailed, status, message, cause) { Target = registry, RecommendedAction = action };

    [GeneratedRegex("(?<name>[a-zA-Z_]+)=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Parameter();

    /// <summary>The TLS of an endpoint, and what has to be freed with it.</summary>
    private sealed class CheckHandler : IDisposable
    {
        private readonly X509Certificate2Collection _authorities = [];
        private readonly X509Certificate2Collection _own = [];

        public CheckHandler(RegistryEndpoint endpoint)
        {
            foreach (string file in endpoint.Authorities)
            {
                Load(file, () => _authorities.ImportFromPemFile(file));
            }

            foreach ((string certificate, string? key) in endpoint.ClientCertificates)
            {
                Load(certificate, () => _own.Add(X509Certificate2.CreateFromPemFile(certificate, key ?? certificate)));
            }

            Handler = new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = endpoint.DialTimeout,
                SslOptions = new SslClientAuthenticationOptions { ClientCertificates = _own },
            };
            if (endpoint.SkipVerify)
            {
#pragma warning disable CA5359 // asked for by the user or a file, and named so
                Handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
            }
            else if (_authorities.Count > 0)
            {
                Handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    errors == SslPolicyErrors.None
                    || (errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is X509Certificate2 leaf && IsOfAuthority(leaf));
            }
        }

        public SocketsHttpHandler Handler { get; }

        public void Dispose()
        {
            Handler.Dispose();
            foreach (X509Certificate2 one in _authorities.Concat(_own))
            {
                one.Dispose();
            }
        }

        private bool IsOfAuthority(X509Certificate2 leaf)
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(leaf);
        }

        private static void Load(string file, Action load)
        {
            try
            {
                load();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw HostsFaults.File(file, $"is no certificate that can be used: {e.Message.TrimEnd('.')}", e);
            }
        }
    }
}
