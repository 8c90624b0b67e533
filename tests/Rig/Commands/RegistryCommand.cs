using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using CtrPS.Rig.Registry;

namespace CtrPS.Rig.Commands;

/// <summary><c>rig registry</c>: one private registry in the foreground, and what stands before it and beside it.</summary>
internal static class RegistryCommand
{
    private static readonly TimeSpan SettlePatience = TimeSpan.FromMilliseconds(500);

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter() },
    };

    public static async Task RunAsync(string[] words, CancellationToken signal)
    {
        var arguments = new Arguments(
            words,
            ["--push", "--user", "--password", "--dir", "--version", "--leaf", "--users", "--lifetime", "--token-host", "--proxy-login"],
            ["--tls", "--client-certificate", "--token", "--anonymous-pull", "--no-post", "--faulty", "--referrers", "--proxy"]);
        using var foreground = new Foreground(signal);
        await using var rig = await RegistryRig.StartAsync(OptionsFrom(arguments), foreground.Ending);
        var leaf = ParseLeaf(arguments["--leaf"]);
        await using var faulty = arguments.Has("--faulty")
            ? await FaultyRegistry.StartAsync(
                rig, new FaultyRegistryOptions { Leaf = leaf, Referrers = arguments.Has("--referrers") }, foreground.Ending)
            : null;
        await using var proxy = arguments.Has("--proxy") ? ForwardProxy.Start(faulty?.Address ?? rig.Address, arguments["--proxy-login"]) : null;
        var references = new List<string>();
        foreach (var image in arguments.List("--push"))
        {
            references.Add(await PushAsync(rig, faulty, [image], foreground.Ending));
        }

        await Json.WriteLineAsync(Describe(rig, faulty, proxy, references));
        await foreground.ServeAsync((command, cancellationToken) => AnswerAsync(rig, faulty, proxy, command, cancellationToken));
    }

    private static RegistryOptions OptionsFrom(Arguments arguments) => new()
    {
        ParentFolder = arguments["--dir"],
        Version = ParseVersion(arguments["--version"]),
        User = arguments["--user"],
        Password = arguments["--password"],
        Tls = arguments.Has("--tls"),
        ClientCertificate = arguments.Has("--client-certificate"),
        Leaf = arguments.Has("--faulty") ? LeafKind.Good : ParseLeaf(arguments["--leaf"]),
        Token = arguments.Has("--token")
            ? new TokenOptions
            {
                Users = arguments["--users"] is { } users ? Parse<List<TokenUser>>(users) : [],
                AnonymousPull = arguments.Has("--anonymous-pull"),
                Post = !arguments.Has("--no-post"),
                Lifetime = arguments["--lifetime"] is { } seconds ? ParseSeconds(seconds) : TimeSpan.FromMinutes(5),
                Host = ParseAddress(arguments["--token-host"]),
            }
            : null,
    };

    private static async Task<object> AnswerAsync(
        RegistryRig rig, FaultyRegistry? faulty, ForwardProxy? proxy, string command, CancellationToken cancellationToken)
    {
        var (verb, rest) = command.Split(' ', 2) is [var first, var second] ? (first, second) : (command, "");
        if (verb == "push")
        {
            return new { done = verb, reference = await PushAsync(rig, faulty, rest.Split(' '), cancellationToken) };
        }

        if (verb == "proxied")
        {
            return new { done = verb, asked = (proxy ?? throw new ArgumentException($"'{verb}' is for a registry with --proxy")).Asked };
        }

        const string OfTokens = "token-";
        if (verb.StartsWith(OfTokens, StringComparison.Ordinal))
        {
            var tokens = rig.Tokens ?? throw new ArgumentException($"'{verb}' is for a registry with --token");
            return AnswerOfTokens(tokens, verb, rest)
                ?? await AnswerOfAsync(tokens, verb, verb[OfTokens.Length..], rest, cancellationToken);
        }

        var front = faulty ?? throw new ArgumentException($"'{verb}' is for a registry with --faulty");
        return await AnswerOfAsync(front, verb, verb, rest, cancellationToken);
    }

    /// <summary>What both servers know.</summary>
    private static async Task<object> AnswerOfAsync(
        FaultyServer server, string verb, string action, string rest, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case "fault":
                server.Add(Parse<RegistryFault>(rest));
                return new { done = verb };
            case "clear":
                server.ClearFaults();
                return new { done = verb };
            case "requests":
                return new { done = verb, requests = (await server.SettleAsync(SettlePatience, cancellationToken)).Select(Describe) };
            case "forget":
                server.ClearRequests();
                (server as TokenServer)?.ClearAsked();
                return new { done = verb };
            default:
                throw new ArgumentException($"'{verb}' is no command; 'rig' lists them");
        }
    }

    /// <summary>What the token server alone knows. Null: nothing of that name.</summary>
    private static object? AnswerOfTokens(TokenServer tokens, string verb, string rest)
    {
        switch (verb)
        {
            case "token-asked":
                return new { done = verb, asked = tokens.Asked };
            case "token-lifetime":
                tokens.Lifetime = ParseSeconds(rest);
                return new { done = verb };
            case "token-refresh":
                return new { done = verb, refreshToken = tokens.IssueRefreshToken(rest) };
            case "token-revoke":
                tokens.RevokeRefreshTokens();
                return new { done = verb };
            default:
                return null;
        }
    }

    /// <param name="rig">The registry.</param>
    /// <param name="faulty">What stands before it.</param>
    /// <param name="words">IMAGE [REPOSITORY:TAG] [docker]</param>
    /// <param name="cancellationToken">Ends skopeo.</param>
    private static Task<string> PushAsync(RegistryRig rig, FaultyRegistry? faulty, string[] words, CancellationToken cancellationToken)
    {
        var isDocker = words[^1] == "docker";
        var repository = words.Skip(1).FirstOrDefault(word => word != "docker");
        return faulty is null
            ? rig.PushAsync(words[0], repository, isDocker, cancellationToken)
            : faulty.PushAsync(words[0], repository, isDocker, cancellationToken);
    }

    private static object Describe(RegistryRig rig, FaultyRegistry? faulty, ForwardProxy? proxy, List<string> references) => new
    {
        Address = faulty?.Address ?? rig.Address,
        Url = faulty?.Url ?? rig.Url,
        References = references,
        Certificate = rig.CertificatePath,
        rig.CertificateFolder,
        ClientCertificate = rig.ClientCertificatePath,
        ClientKey = rig.ClientKeyPath,
        Realm = rig.Tokens?.Realm,
        rig.Tokens?.Service,
        Upstream = faulty is null ? null : rig.Address,
        OtherPort = faulty?.UrlOf(FaultyPlace.OtherPort),
        Storage = faulty?.UrlOf(FaultyPlace.Storage),
        Proxy = proxy?.Address,
        Pid = rig.ProcessId,
        Log = rig.LogPath,
    };

    private static object Describe(ServedRequest request) => new
    {
        request.Number,
        request.Connection,
        Place = request.Place.ToString(),
        request.Method,
        request.Path,
        request.Host,
        request.Range,
        request.Scheme,
        request.IsAuthorized,
        request.UserAgent,
        request.Accept,
        request.ContentType,
        request.HeaderNames,
        request.Waiting,
        request.Status,
        request.Sent,
        request.Received,
        request.Fault,
        request.Problem,
        request.IsComplete,
        request.IsOver,
        request.Seconds,
    };

    private static T Parse<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Strict) ?? throw new ArgumentException("null is nothing");
        }
        catch (JsonException bad)
        {
            throw new ArgumentException($"'{json}' cannot be read: {bad.Message}");
        }
    }

    private static IPAddress ParseAddress(string? text) => text is null ? IPAddress.Loopback
        : IPAddress.TryParse(text, out var address) ? address
        : throw new ArgumentException($"'{text}' is no address");

    private static TimeSpan ParseSeconds(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var seconds)
        ? TimeSpan.FromSeconds(seconds)
        : throw new ArgumentException($"'{text}' is no number of seconds");

    private static RegistryVersion ParseVersion(string? text) => text switch
    {
        null or "2.8.2" => RegistryVersion.V282,
        "2.8.3" => RegistryVersion.V283,
        _ => throw new ArgumentException($"'{text}' is no version of the registry: 2.8.2, 2.8.3"),
    };

    private static LeafKind ParseLeaf(string? text) => text switch
    {
        null or "good" => LeafKind.Good,
        "expired" => LeafKind.Expired,
        "other-name" => LeafKind.OtherName,
        _ => throw new ArgumentException($"'{text}' is no kind of certificate: good, expired, other-name"),
    };
}
