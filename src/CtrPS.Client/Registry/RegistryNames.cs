namespace CtrPS.Client.Registry;

/// <summary>Names of registries, as references, URLs and files write them.</summary>
internal static class RegistryNames
{
    /// <summary>Docker Hub, as references name it.</summary>
    public const string DockerHub = "docker.io";

    /// <summary>The host that serves Docker Hub.</summary>
    public const string DockerHubHost = "registry-1.docker.io";

    /// <summary>The key of Docker Hub in docker's config.json.</summary>
    public const string DockerHubKey = "https://index.docker.io/v1/";

    private static readonly string[] DockerHubNames = [DockerHub, "index.docker.io", DockerHubHost, "registry.hub.docker.com"];

    /// <summary>The one name of a registry that has several.</summary>
    public static string Canonical(string host) =>
        DockerHubNames.Contains(host, StringComparer.OrdinalIgnoreCase) ? DockerHub : host;

    /// <summary>A name that is safe as a part of a path, and can be a host's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    public static string Require(string registry)
    {
        bool valid = registry.Length is > 0 and <= 300
            && registry.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']' or '%')
            && (char.IsAsciiLetterOrDigit(registry[0]) || registry[0] == '[')
            && Uri.TryCreate($"https://{registry}", UriKind.Absolute, out Uri? uri)
            && uri.Host.Length > 0;
        return valid ? registry : throw new CtrException(
            CtrErrorIds.InvalidReference, CtrStatus.InvalidArgument, $"'{ForeignText.Show(registry)}' is no name of a registry.")
        {
            Target = registry,
            RecommendedAction = "Name the host, with its port if it has one: docker.io, registry.example.com:5000.",
        };
    }

    /// <summary>The registry of a name or a URL: <c>https://index.docker.io/v1/</c> is <c>docker.io</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    public static string FromName(string text)
    {
        string[] parts = WithoutScheme(text).Split('/', 2);
        bool isWhole = parts.Length == 1 || parts[1].Trim('/') is "" or "v1" or "v2";
        return Canonical(Require(isWhole ? parts[0] : text));
    }

    /// <summary><see cref="FromName"/>, and the registry of a whole reference: <c>nginx</c> is of <c>docker.io</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    public static string FromNameOrReference(string text)
    {
        string first = WithoutScheme(text).Split('/')[0];
        return IsOfHost(text) ? FromName(first) : new CtrImageReference(text).Registry;
    }

    /// <summary>The reference in a text that may also be the name or URL of a registry. Null: it names no repository.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    public static CtrImageReference? ReferenceOf(string text)
    {
        string plain = WithoutScheme(text);
        string[] parts = plain.Split('/', 2);
        bool isRegistry = IsOfHost(text) && (parts.Length == 1 || parts[1].Trim('/') is "" or "v1" or "v2");
        return isRegistry ? null : CtrImageReference.Parse(plain);
    }

    /// <summary>Whether a text begins with the name of a host.</summary>
    private static bool IsOfHost(string text)
    {
        string plain = WithoutScheme(text);
        string first = plain.Split('/')[0];
        string host = first.StartsWith('[') ? first : first.Split(':')[0];
        string port = RegistryUrl.PortOf(first);
        return host.Contains('.') || host.StartsWith('[') || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (port.Length > 0 && port.All(char.IsAsciiDigit)) || plain.Length < text.Length || plain.Split('/') is [_, ""];
    }

    private static string WithoutScheme(string text) =>
        text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? text["https://".Length..]
        : text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? text["http://".Length..]
        : text;
}
