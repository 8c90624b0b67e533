using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace CtrPS.Client.Registry;

/// <summary>
/// Tells one host who asks: tokens by what they allow, got when first asked for and before they expire, or a user with a password. Safe for
/// concurrent use.
/// </summary>
/// <param name="host">The host: scheme, name and port.</param>
/// <param name="credentials">Who we are.</param>
/// <param name="trusted">Token services that the user trusts.</param>
/// <param name="send">Sends a request to the token service.</param>
internal sealed class Authorizer(
    Uri host,
    ICredentialSource credentials,
    IReadOnlyList<string> trusted,
    Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send) : IDisposable
{
    /// <summary>Tokens are a few KiB.</summary>
    private const int MaxAnswer = 1 << 20;

    /// <summary>What docker's spec says where a service does not.</summary>
    private static readonly TimeSpan DefaultLife = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, (string Text, DateTime End)> _tokens = new(StringComparer.Ordinal);
    private Challenge? _challenge;
    private RegistryCredential? _credential;
    private bool _asked;

    /// <summary>Adds what the host is known to want. Nothing where it has not said so yet.</summary>
    /// <param name="request">The request.</param>
    /// <param name="scopes">What is to be done, such as <c>repository:library/nginx:pull</c>.</param>
    /// <param name="cancellationToken">Ends the asking for a token.</param>
    public async ValueTask ApplyAsync(HttpRequestMessage request, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        if (_challenge is not null)
        {
            request.Headers.Authorization = await HeaderAsync(scopes, refused: null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a refusal: whether the request is to be made again.</summary>
    /// <param name="response">The answer 401.</param>
    /// <param name="sent">What stood in the request.</param>
    /// <param name="scopes">What is to be done.</param>
    /// <param name="cancellationToken">Ends the asking for a token.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.RegistryUntrusted"/>; <see cref="CtrErrorIds.RegistryDenied"/> by the token service.
    /// </exception>
    public async ValueTask<bool> LearnAsync(
        HttpResponseMessage response, AuthenticationHeaderValue? sent, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        if (Challenge.Choose(response.Headers) is not { } challenge)
        {
            return false;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _challenge = challenge;
        }
        finally
        {
            _ = _gate.Release();
        }

        string[] more = challenge["scope"]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        AuthenticationHeaderValue? header = await HeaderAsync(scopes, sent, cancellationToken, more).ConfigureAwait(false);
        return header is not null && (header.Scheme != sent?.Scheme || header.Parameter != sent.Parameter);
    }

    public void Dispose() => _gate.Dispose();

    private async Task<AuthenticationHeaderValue?> HeaderAsync(
        IReadOnlyList<string> scopes,
        AuthenticationHeaderValue? refused,
        CancellationToken cancellationToken,
        IReadOnlyList<string>? more = null)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_asked)
            {
                _credential = await credentials.FindAsync(host.Authority, RepositoryOf(scopes), cancellationToken).ConfigureAwait(false);
                _asked = true;
            }

            if (_challenge!.Scheme == "basic")
            {
                return _credential is { User.Length: > 0 } known
                    ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.User}:{known.Secret}")))
                    : null;
            }

            if (_credential?.BearerToken is { } ready)
            {
                return new AuthenticationHeaderValue("Bearer", ready);
            }

            string key = KeyOf(scopes);
            if (_tokens.TryGetValue(key, out (string Text, DateTime End) token) && (token.End < DateTime.UtcNow || token.Text == refused?.Parameter))
            {
                _ = _tokens.Remove(key);
            }

            if (!_tokens.TryGetValue(key, out token))
            {
                _tokens[key] = token = await FetchAsync(_challenge, [.. scopes.Union(more ?? [])], cancellationToken).ConfigureAwait(false);
            }

            return new AuthenticationHeaderValue("Bearer", token.Text);
        }
        finally
        {
            _ = _gate.Release();
        }
    }

    private static string KeyOf(IReadOnlyList<string> scopes) => string.Join(' ', scopes.Order(StringComparer.Ordinal));

    private static string? RepositoryOf(IReadOnlyList<string> scopes) =>
        scopes.Select(scope => scope.Split(':')).FirstOrDefault(parts => parts is ["repository", _, ..])?[1];

    private async Task<(string Text, DateTime End)> FetchAsync(Challenge challenge, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        Uri realm = Check(challenge["realm"]!);
        var fields = new List<KeyValuePair<string, string>>();
        if (challenge["service"] is { Length: > 0 } service)
        {
            fields.Add(new("service", service));
        }

        if (_credential is not { Secret.Length: > 0 } known)
        {
            return await GetAsync(realm, fields, scopes, null, cancellationToken).ConfigureAwait(false);
        }

        using HttpResponseMessage posted = await send(Form(realm, fields, scopes, known), cancellationToken).ConfigureAwait(false);
        if (posted.IsSuccessStatusCode)
        {
            return await ReadAsync(posted, realm, cancellationToken).ConfigureAwait(false);
        }

        // Services that know docker's older way only.
        bool mayKnowTheOther = posted.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest
            || (posted.StatusCode == HttpStatusCode.MethodNotAllowed && known.User.Length > 0);
        return mayKnowTheOther && known.User.Length > 0
            ? await GetAsync(realm, fields, scopes, known, cancellationToken).ConfigureAwait(false)
            : throw await RegistryFaults.AnsweredAsync(
                TokenWords(), realm, posted, cancellationToken).ConfigureAwait(false);
    }

    private static HttpRequestMessage Form(
        Uri realm, List<KeyValuePair<string, string>> fields, IReadOnlyList<string> scopes, RegistryCredential known)
    {
        List<KeyValuePair<string, string>> form =
        [
            .. fields,
            new("scope", string.Join(' ', scopes)),
            new("client_id", "CtrPS"),
        ];
        form.AddRange(known.User.Length > 0
            ? [new("grant_type", "password"), new("username", known.User), new("password", known.Secret)]
            : [new("grant_type", "refresh_token"), new("refresh_token", known.Secret)]);
        return new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) };
    }

    private async Task<(string Text, DateTime End)> GetAsync(
        Uri realm,
        List<KeyValuePair<string, string>> fields,
        IReadOnlyList<string> scopes,
        RegistryCredential? known,
        CancellationToken cancellationToken)
    {
        IEnumerable<string> query = fields.Concat(scopes.Select(scope => KeyValuePair.Create("scope", scope)))
            .Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}");
        var address = new UriBuilder(realm) { Query = string.Join('&', query.Prepend(realm.Query.TrimStart('?')).Where(part => part.Length > 0)) };
        using var request = new HttpRequestMessage(HttpMethod.Get, address.Uri);
        if (known is not null)
        {
            request.Headers.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.User}:{known.Secret}")));
        }

        using HttpResponseMessage response = await send(request, cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? await ReadAsync(response, realm, cancellationToken).ConfigureAwait(false)
            : throw await RegistryFaults.AnsweredAsync(TokenWords(), realm, response, cancellationToken).ConfigureAwait(false);
    }

    private string TokenWords() => $"token for {RegistryFaults.Show(host)}";

    private async Task<(string Text, DateTime End)> ReadAsync(HttpResponseMessage response, Uri realm, CancellationToken cancellationToken)
    {
        DateTime now = DateTime.UtcNow;
        try
        {
            byte[] bytes = await RegistryBody.ReadAllAsync(response, MaxAnswer, cancellationToken).ConfigureAwait(false);
            using var document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            string? token = Text(root, "token") ?? Text(root, "access_token");
            if (token is null || token.Any(one => !char.IsAscii(one) || char.IsControl(one) || char.IsWhiteSpace(one)))
            {
                throw RegistryFaults.Broken(TokenWords(), realm, "the token service's answer holds no token.");
            }

            TimeSpan life = root.TryGetProperty("expires_in", out JsonElement seconds) && seconds.TryGetDouble(out double number) && number > 0
                ? TimeSpan.FromSeconds(Math.Min(number, 86400))
                : DefaultLife;
            return (token, now + (life * 0.9));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw RegistryFaults.Broken(TokenWords(), realm, "the token service's answer cannot be read.", e);
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value
            ? value
            : null;

    /// <summary>Whether the token service is one that may see credentials: of a host that is trusted, and by a way that is as safe as ours.</summary>
    private Uri Check(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? realm) || realm.Scheme is not ("https" or "http"))
        {
            throw RegistryFaults.Broken(TokenWords(), host, $"the realm '{ForeignText.Show(text)}' is no address.");
        }

        return realm.UserInfo.Length > 0 ? throw RegistryFaults.UnsafePlace(host, "a token service with a user in its address")
            : host.Scheme == "https" && realm.Scheme == "http"
            ? throw RegistryFaults.UnsafePlace(host, $"{RegistryFaults.Show(realm)}, which is not encrypted")
            : IPAddress.TryParse(realm.IdnHost, out IPAddress? address) && RegistryTransport.IsLinkLocal(address)
            ? throw RegistryFaults.UnsafePlace(host, $"'{realm.Host}', which is a link-local or metadata address")
            : !TrustedRealms.Allows(host, realm, trusted) ? throw RegistryFaults.UntrustedRealm(host, realm)
            : realm;
    }
}
