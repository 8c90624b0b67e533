using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Registry;

/// <summary>
/// docker's config.json, or podman's auth.json: <c>credHelpers</c> before <c>credsStore</c> before <c>auths</c>. Nothing of what is in it comes into
/// an error but keys.
/// </summary>
internal sealed class CredentialFile
{
    /// <summary>As a user name it says that the secret is an identity token.</summary>
    public const string TokenUser = "<token>";

    private const int MaxSize = 1 << 20;
    private const string Auths = "auths";

    private readonly CredentialPlace _place;
    private readonly JsonObject _root;

    private CredentialFile(CredentialPlace place, JsonObject root)
    {
        _place = place;
        _root = root;
    }

    /// <summary>The helper for all registries that have none of their own. Null: none.</summary>
    public string? Store => Text(_root["credsStore"], "credsStore") is { Length: > 0 } name ? name : null;

    /// <summary>The helpers by key. Empty: none, and that of <see cref="Store"/> neither.</summary>
    public IEnumerable<KeyValuePair<string, string>> Helpers =>
        (Map("credHelpers") ?? []).Select(pair => KeyValuePair.Create(pair.Key, Text(pair.Value, "credHelpers")));

    /// <summary>The keys of logins in the file itself.</summary>
    public IEnumerable<string> Keys => (Map(Auths) ?? []).Where(pair => pair.Value is JsonObject { Count: > 0 }).Select(pair => pair.Key);

    /// <summary>Whether something stands there for a registry, and be it the empty login that docker leaves where a helper has the secret.</summary>
    public bool Has(string registry) => (Map(Auths) ?? []).Any(pair => IsOf(_place, pair.Key, registry));

    /// <summary>Reads a file. Null: there is none, or an empty one.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidCredentialFile"/>.</exception>
    public static CredentialFile? Read(CredentialPlace place)
    {
        string? text = place.Text ?? ReadText(place);
        return string.IsNullOrWhiteSpace(text) ? null : new CredentialFile(place, Parse(place, text));
    }

    /// <summary>The document, to be changed and written again. A new one where there is no file.</summary>
    public static JsonObject ReadDocument(CredentialPlace place) => Read(place)?._root ?? [];

    /// <summary>The helper for a registry. Null: none.</summary>
    public string? HelperFor(string host, string? repository)
    {
        var helpers = Helpers.ToList();
        string? key = Best(helpers.Select(pair => pair.Key), host, repository);
        string? name = key is null ? Store : helpers.First(pair => pair.Key == key).Value;
        return name is { Length: > 0 } ? name : null;
    }

    /// <summary>The login in the file itself. Null: none.</summary>
    public RegistryCredential? Find(string host, string? repository) =>
        Best(Keys, host, repository) is { } key ? Read(key) : null;

    /// <summary>The login at a key.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidCredentialFile"/>: what stands there is no login.</exception>
    public RegistryCredential? Read(string key)
    {
        var entry = (JsonObject)Map(Auths)![key]!;
        string words = $"{Auths}.{key}";
        string user = Text(entry["username"], words);
        string password = Text(entry["password"], words);
        if (Text(entry["auth"], words) is { Length: > 0 } both)
        {
            (user, password) = Decode(both, words);
        }

        string source = _place.Words;
        return Text(entry["registrytoken"], words) is { Length: > 0 } bearer ? new RegistryCredential { BearerToken = bearer, Source = source }
            : Text(entry["identitytoken"], words) is { Length: > 0 } identity ? new RegistryCredential { Secret = identity, Source = source }
            : user == TokenUser ? new RegistryCredential { Secret = password, Source = source }
            : user.Length > 0 ? new RegistryCredential { User = user, Secret = password, Source = source }
            : null;
    }

    /// <summary>The registry, or the part of one, that a key stands for.</summary>
    public static string RegistryOf(string key) => SplitKey(key) is var (host, path) && path.Length > 0
        ? $"{RegistryNames.Canonical(host)}/{path}"
        : RegistryNames.Canonical(host);

    /// <summary>Whether a key stands for a registry as a whole.</summary>
    public static bool IsOf(CredentialPlace place, string key, string registry) => SplitKey(key) is var (host, path)
        && string.Equals(RegistryNames.Canonical(host), registry, StringComparison.OrdinalIgnoreCase)
        && (path.Length == 0 || !place.IsPodman);

    /// <summary>The document of a text.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidCredentialFile"/>.</exception>
    private static JsonObject Parse(CredentialPlace place, string text)
    {
        try
        {
            // A JsonNode finds a name that stands there twice only when it is used.
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return JsonNode.Parse(text) as JsonObject ?? throw Fault(place, "is no JSON object");
        }
        catch (JsonException e)
        {
            // Not with its cause: that quotes what it stumbled over.
            throw Fault(place, $"is no JSON: line {(e.LineNumber ?? 0) + 1}");
        }
    }

    /// <summary>
    /// The key that fits best: of a part of the registry the longest, else one for the host, whichever way it is written.
    /// </summary>
    private string? Best(IEnumerable<string> keys, string host, string? repository)
    {
        string wanted = RegistryNames.Canonical(host);
        return keys
            .Select(key => (Key: key, Parts: SplitKey(key)))
            .Where(one => string.Equals(RegistryNames.Canonical(one.Parts.Host), wanted, StringComparison.OrdinalIgnoreCase))
            .Select(one => (one.Key, Fit: Fit(one.Parts.Path), IsPlain: one.Key == host || one.Key == RegistryNames.DockerHubKey))
            .Where(one => one.Fit >= 0)
            .OrderByDescending(one => one.Fit)
            .ThenByDescending(one => one.IsPlain)
            .Select(one => one.Key)
            .FirstOrDefault();

        // A path that does not fit is docker's to ignore, and podman's to heed.
        int Fit(string path) => path.Length == 0 ? 1
            : repository is not null && (repository == path || repository.StartsWith(path + "/", StringComparison.Ordinal)) ? path.Length + 1
            : _place.IsPodman ? -1
            : 0;
    }

    /// <summary>Host and path of a key: <c>https://index.docker.io/v1/</c> has the path of no repository.</summary>
    private static (string Host, string Path) SplitKey(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string[] parts = (scheme < 0 ? key : key[(scheme + 3)..]).Split('/', 2);
        string path = parts.Length > 1 ? parts[1].Trim('/') : "";
        return (parts[0], scheme >= 0 || path is "v1" or "v2" ? "" : path);
    }

    private (string User, string Password) Decode(string text, string words)
    {
        byte[] bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out int count))
        {
            throw Fault(_place, $"has no base64 at '{words}.auth'");
        }

        string both = Encoding.UTF8.GetString(bytes, 0, count).TrimEnd('\0');
        int colon = both.IndexOf(':');
        return colon > 0 ? (both[..colon], both[(colon + 1)..]) : throw Fault(_place, $"has no user and password at '{words}.auth'");
    }

    private JsonObject? Map(string name) =>
        _root[name] is not { } node ? null : node as JsonObject ?? throw Fault(_place, $"has something else than an object at '{name}'");

    private string Text(JsonNode? node, string words) => node is null ? ""
        : node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>()
        : throw Fault(_place, $"has something else than a text at '{words}'");

    private static string? ReadText(CredentialPlace place)
    {
        string path = place.Path!;
        if (Posix.FileStatus.Of(path, follow: true) is { IsFile: false })
        {
            throw Fault(place, "is no file");
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > MaxSize)
            {
                throw Fault(place, $"has {file.Length} bytes; more than {MaxSize} no such file needs");
            }

            using var reader = new StreamReader(file, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fault(place, $"cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    internal static CtrException Fault(CredentialPlace place, string fault, Exception? cause = null) => new(
        CtrErrorIds.InvalidCredentialFile,
        cause is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.InvalidArgument,
        $"{(place.Path is null ? "The variable" : "The file")} {place.Words[(place.Path is null ? "the variable ".Length : 0)..]} {fault}.",
        cause)
    {
        Target = place.Path ?? CredentialPlaces.TextVariable,
        RecommendedAction = place.Path is null
            ? "Correct or remove the variable."
            : "Mend the file, or name the folder of another one in the variable DOCKER_CONFIG.",
    };
}
