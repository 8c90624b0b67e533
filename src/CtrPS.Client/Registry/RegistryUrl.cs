using System.Net;

namespace CtrPS.Client.Registry;

/// <summary>A host as hosts.toml names it.</summary>
/// <param name="Scheme">http or https.</param>
/// <param name="Host">The host, with a port if one is written.</param>
/// <param name="Path">What the paths of repositories are appended to: <c>/v2</c>. Empty: nothing.</param>
internal sealed record RegistryUrl(string Scheme, string Host, string Path)
{
    /// <summary>The path of the API.</summary>
    public const string ApiPath = "/v2";

    private const string SchemeEnd = "://";

    /// <summary>The port as it is written. Empty: none is.</summary>
    public string Port => PortOf(Host);

    /// <summary>The root as the client takes it.</summary>
    public Uri Root => new($"{Scheme}{SchemeEnd}{Host}{Path}");

    /// <summary>Reads a URL, or a host, which is taken for one with https. User, query and fragment are dropped, as containerd does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="overridePath">Leave the path as it is; otherwise it ends with <c>/v2</c>.</param>
    /// <param name="fault">What is wrong, as the rest of a sentence.</param>
    public static RegistryUrl? TryParse(string text, bool overridePath, out string? fault)
    {
        string url = text.Contains(SchemeEnd, StringComparison.Ordinal) ? text : $"https{SchemeEnd}{text}";
        fault = null;
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0)
        {
            fault = "is no URL of a host, such as https://mirror.example.com";
        }
        else if (uri.Scheme is not ("http" or "https"))
        {
            fault = $"has the scheme '{uri.Scheme}'; a registry speaks http or https";
        }

        if (fault is not null)
        {
            return null;
        }

        string rest = url[(url.IndexOf(SchemeEnd, StringComparison.Ordinal) + SchemeEnd.Length)..];
        string authority = rest.Split('/', '?', '#', '\\')[0];
        string path = string.Concat(uri!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => $"/{part}"));
        return new RegistryUrl(
            uri.Scheme,
            authority[(authority.LastIndexOf('@') + 1)..].TrimEnd(':'),
            overridePath || path.EndsWith(ApiPath, StringComparison.Ordinal) ? path : path + ApiPath);
    }

    /// <summary>The port of a host. Empty: none is written.</summary>
    public static string PortOf(string host)
    {
        int colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') && host.IndexOf(':') == colon | host.StartsWith('[') ? host[(colon + 1)..] : "";
    }

    /// <summary>The host without its port and without brackets.</summary>
    public static string NameOf(string host) => (PortOf(host) is { Length: > 0 } port ? host[..^(port.Length + 1)] : host).Trim('[', ']');

    /// <summary>Whether a host is this machine (containerd, core/remotes/docker/registry.go: IsLocalhost).</summary>
    public static bool IsLocal(string host) => NameOf(host) is var name
        && (string.Equals(name, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address)));
}
