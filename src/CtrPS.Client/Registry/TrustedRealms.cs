using System.Net;

namespace CtrPS.Client.Registry;

/// <summary>
/// Which token services a registry may send credentials to: its own host, one of its own domain, a short list of known ones, and those that the user
/// trusts. A registry that could name any would be a way to steal passwords (CVE-2026-48978).
/// </summary>
internal static class TrustedRealms
{
    private static readonly (string Registry, string Realm)[] Known =
    [
        ("registry-1.docker.io", "auth.docker.io"),
        ("docker.io", "auth.docker.io"),
        ("registry.gitlab.com", "gitlab.com"),
        ("ghcr.io", "ghcr.io"),
        ("quay.io", "quay.io"),
        ("registry.k8s.io", "auth.registry.k8s.io"),
        ("mcr.microsoft.com", "mcr.microsoft.com"),
    ];

    /// <summary>Second levels under which names belong to different owners.</summary>
    private static readonly HashSet<string> SharedLabels =
        new(["ac", "co", "com", "edu", "gen", "go", "gob", "gov", "id", "ltd", "me", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"],
            StringComparer.Ordinal);

    /// <summary>Domains that give a name below them to anybody.</summary>
    private static readonly HashSet<string> SharedDomains = new(
        [
            "amazonaws.com", "appspot.com", "azurecr.io", "azurewebsites.net", "cloudfront.net", "cloudapp.net", "duckdns.org", "fly.dev",
            "github.io", "gitlab.io", "herokuapp.com", "netlify.app", "ngrok.io", "pages.dev", "run.app", "vercel.app", "web.app", "windows.net",
            "workers.dev",
        ],
        StringComparer.Ordinal);

    /// <summary>Whether a registry's credentials may go to a token service.</summary>
    /// <param name="host">The registry's endpoint.</param>
    /// <param name="realm">The token service.</param>
    /// <param name="trusted">Hosts that the user trusts.</param>
    public static bool Allows(Uri host, Uri realm, IReadOnlyList<string> trusted)
    {
        string registry = host.IdnHost.ToLowerInvariant();
        string service = realm.IdnHost.ToLowerInvariant();
        if (registry == service
            || trusted.Any(one => string.Equals(one, service, StringComparison.OrdinalIgnoreCase)
                || string.Equals(one, realm.Authority, StringComparison.OrdinalIgnoreCase))
            || Known.Contains((registry, service)))
        {
            return true;
        }

        return !IPAddress.TryParse(registry, out _) && !IPAddress.TryParse(service, out _)
            && (IsBelow(service, registry) || (DomainOf(registry) is { } domain && (service == domain || IsBelow(service, domain))));
    }

    private static bool IsBelow(string host, string domain) => host.EndsWith("." + domain, StringComparison.Ordinal);

    /// <summary>
    /// The domain that a host's owner owns, as far as a name tells: the name without its first part, or itself where it has two only. Null where
    /// others have names there too.
    /// </summary>
    private static string? DomainOf(string host)
    {
        string[] labels = host.Split('.');
        if (labels.Length < 2)
        {
            return null;
        }

        string[] own = labels.Length == 2 ? labels : labels[1..];
        string domain = string.Join('.', own);
        bool isShared = SharedDomains.Contains(domain) || (own.Length == 2 && own[1].Length == 2 && SharedLabels.Contains(own[0]));
        return isShared ? null : domain;
    }
}
