using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace CtrPS.Rig.Registry;

/// <summary>
/// Gives tokens for a docker-registry (distribution, docs/spec/auth): GET with Basic or nothing, POST with a password or a refresh token. Who asks
/// for more than he may do gets a token for what he may, as Docker Hub does. It has faults too: <see cref="FaultyServer.Add"/>.
/// </summary>
public sealed class TokenServer : FaultyServer
{
    private readonly TokenOptions _options;
    private readonly TokenKey _key;
    private readonly List<TokenUser> _users;
    private readonly ConcurrentDictionary<string, TokenUser> _refreshTokens = new();
    private readonly ConcurrentQueue<TokenRequest> _asked = new();

    private TokenServer(TokenOptions options, TokenKey key, TokenUser? user)
    {
        _options = options;
        _key = key;
        _users = [.. options.Users];
        if (user is not null)
        {
            _users.Add(user);
        }

        Lifetime = options.Lifetime;
    }

    /// <summary>What challenges name.</summary>
    public Uri Realm => new(Url, "token");

    public string Service => _options.Service;

    /// <summary>How long the tokens that are given from now on are taken.</summary>
    public TimeSpan Lifetime { get; set; }

    /// <summary>All that was asked so far.</summary>
    public IReadOnlyList<TokenRequest> Asked => [.. _asked];

    public void ClearAsked() => _asked.Clear();

    /// <summary>From now on no refresh token is taken that was given before.</summary>
    public void RevokeRefreshTokens() => _refreshTokens.Clear();

    /// <summary>A refresh token for a user, as it would be in docker's config.json.</summary>
    public string IssueRefreshToken(string user)
    {
        var token = "refresh-" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        _refreshTokens[token] = _users.Find(known => known.Name == user) ?? throw new ArgumentException($"there is no user '{user}'");
        return token;
    }

    internal static async Task<TokenServer> StartAsync(
        TokenOptions options, TokenKey key, TokenUser? user, X509Certificate2? certificate, CancellationToken cancellationToken)
    {
        var server = new TokenServer(options, key, user);
        try
        {
            await server.ListenAsync([(FaultyPlace.Self, options.Host, certificate)], cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A token for everything in a repository, past the log and the faults: for the rig itself.</summary>
    internal string Issue(string repository) =>
        _key.Sign("rig", Service, [new TokenAccess("repository", repository, ["pull", "push", "delete"])], TimeSpan.FromMinutes(5));

    private protected override async Task<HttpResponseMessage> AnswerAsync(
        HttpContext context, ServedRequest request, RegistryFault? fault, Stream body)
    {
        if (context.Request.Path != "/token")
        {
            return RegistryError.Answer(HttpStatusCode.NotFound, "NOT_FOUND", "tokens are at /token");
        }

        var isPost = HttpMethods.IsPost(request.Method);
        if (!HttpMethods.IsGet(request.Method) && !(isPost && _options.Post))
        {
            Log(context, name => context.Request.Query[name], HttpStatusCode.MethodNotAllowed, null, [], [], false);
            return RegistryError.Answer(HttpStatusCode.MethodNotAllowed, "UNSUPPORTED", "the method is not known here");
        }

        Func<string, StringValues> values = name => context.Request.Query[name];
        if (isPost)
        {
            using var reader = new StreamReader(body, Encoding.UTF8);
            var form = QueryHelpers.ParseQuery(await reader.ReadToEndAsync(context.RequestAborted));
            values = name => form.GetValueOrDefault(name);
        }

        string[] scopes = [.. values("scope").OfType<string>()
            .SelectMany(scope => scope.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        var wantsRefresh = isPost ? values("access_type") == "offline" : values("offline_token") == "true";
        var (user, isRefused) = isPost ? ByGrant(values) : ByHeader(context.Request.Headers.Authorization);
        if (isRefused)
        {
            var status = isPost ? HttpStatusCode.BadRequest : HttpStatusCode.Unauthorized; // RFC 6749, 5.2
            Log(context, values, status, null, scopes, [], wantsRefresh);
            return isPost
                ? new HttpResponseMessage(status) { Content = JsonContent.Create(new { error = "invalid_grant" }) }
                : RegistryError.Answer(status, "UNAUTHORIZED", "authentication required");
        }

        TokenAccess[] granted = [.. scopes.Select(scope => Grant(user, scope)).OfType<TokenAccess>()];
        Log(context, values, HttpStatusCode.OK, user?.Name, scopes, [.. granted.Select(one => one.ToString())], wantsRefresh);
        var refresh = wantsRefresh && user is not null ? IssueRefreshToken(user.Name) : null;
        return Answer(_key.Sign(user?.Name ?? "", Service, granted, Lifetime), refresh, isPost || _options.AccessToken);
    }

    private HttpResponseMessage Answer(string token, string? refresh, bool isAccessToken)
    {
        var answer = new Dictionary<string, object>
        {
            [isAccessToken ? "access_token" : "token"] = token,
            ["issued_at"] = DateTimeOffset.UtcNow,
        };
        var stated = _options.StatedLifetime ?? Lifetime;
        if (stated > TimeSpan.Zero)
        {
            answer["expires_in"] = (long)stated.TotalSeconds;
        }

        if (refresh is not null)
        {
            answer["refresh_token"] = refresh;
        }

        return new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(answer) };
    }

    private (TokenUser? User, bool IsRefused) ByHeader(StringValues authorization)
    {
        if (authorization.Count == 0)
        {
            return (null, false);
        }

        if (!AuthenticationHeaderValue.TryParse(authorization, out var header) || header is not { Scheme: "Basic", Parameter: { } encoded })
        {
            return (null, true);
        }

        var bytes = new byte[encoded.Length];
        var pair = Convert.TryFromBase64String(encoded, bytes, out var count) ? Encoding.UTF8.GetString(bytes, 0, count).Split(':', 2) : [];
        return pair.Length == 2 ? ByPassword(pair[0], pair[1]) : (null, true);
    }

    private (TokenUser? User, bool IsRefused) ByGrant(Func<string, StringValues> values) => values("grant_type").ToString() switch
    {
        "password" => ByPassword(values("username").ToString(), values("password").ToString()),
        "refresh_token" when _refreshTokens.TryGetValue(values("refresh_token").ToString(), out var user) => (user, false),
        _ => (null, true),
    };

    private (TokenUser? User, bool IsRefused) ByPassword(string name, string password)
    {
        var user = _users.Find(known => known.Name == name && known.Password == password);
        return (user, user is null);
    }

    /// <summary>What of a scope a user may do. Null: nothing.</summary>
    private TokenAccess? Grant(TokenUser? user, string scope)
    {
        // repository:NAME:pull,push; the name may hold a port.
        var (first, last) = (scope.IndexOf(':'), scope.LastIndexOf(':'));
        if (first == last)
        {
            return null;
        }

        var (type, name) = (scope[..first], scope[(first + 1)..last]);
        string[] rights = user is null
            ? (_options.AnonymousPull && type == "repository" ? ["pull"] : [])
            : [.. user.Rights.Where(right => Covers(right.Key, name)).SelectMany(right => right.Value.Split(','))];
        string[] actions = [.. scope[(last + 1)..].Split(',').Intersect(rights)];
        return actions.Length == 0 ? null : new TokenAccess(type, name, actions);
    }

    private static bool Covers(string pattern, string name) =>
        pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == name;

    private void Log(
        HttpContext context,
        Func<string, StringValues> values,
        HttpStatusCode status,
        string? user,
        IReadOnlyList<string> scopes,
        IReadOnlyList<string> granted,
        bool wantsRefresh) =>
        _asked.Enqueue(new TokenRequest(
            context.Request.Method,
            values("grant_type").FirstOrDefault(),
            context.Request.Headers.Authorization.Count > 0,
            user,
            values("service").FirstOrDefault(),
            scopes,
            granted,
            values("client_id").FirstOrDefault(),
            wantsRefresh,
            (int)status));
}
