using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CtrPS.Client.Registry;

/// <summary>
/// Writes a hosts.toml that containerd 1.6 to 2.x read alike: there is always a table of a host, without which 1.6 and 1.7 leave the file out.
/// </summary>
internal static class HostsText
{
    /// <summary>The text, read back.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: a URL or a certificate is none.</exception>
    public static string Compose(CtrHostsWish wish, string path)
    {
        var hosts = wish.Hosts.Select(host => (Wish: host, Url: UrlOf(host))).ToList();
        bool isAny = wish.Registry == AnyRegistry;
        if (hosts.Count == 0)
        {
            CtrHostWish itself = wish.Server with { Url = wish.Server.Url ?? (isAny ? throw NoHost() : UpstreamOf(wish.Registry)) };
            hosts.Add((itself, UrlOf(itself)));
        }

        var text = new StringBuilder();
        if (wish.Server.Url is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"server = {Quoted(UrlOf(wish.Server))}\n");
        }

        Append(text, wish.Server, "");
        foreach ((CtrHostWish host, string url) in hosts)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? "\n" : "")}[host.{Quoted(url)}]\n");
            Append(text, host, "  ");
        }

        ReadBack(path, text.ToString(), [.. hosts.Select(host => host.Wish)]);
        return text.ToString();
    }

    /// <summary>The registry of a file for all others.</summary>
    public const string AnyRegistry = "*";

    /// <summary>How containerd asks a registry of which nothing is said.</summary>
    public static string UpstreamOf(string registry) => HostsFolders.Find(registry, new CtrRegistryOptions { HostsFolders = [] })[^1] is var endpoint
        ? $"{endpoint.Root.Scheme}://{(registry == RegistryNames.DockerHub ? RegistryNames.DockerHubHost : registry)}"
        : "";

    private static string UrlOf(CtrHostWish wish)
    {
        string text = wish.Url!.Trim();
        RegistryUrl url = RegistryUrl.TryParse(text, overridePath: true, out string? fault) ?? throw Invalid(text, $"'{text}' {fault}.");
        bool isPlain = !text.AsSpan().ContainsAny('@', '?', '#');
        return isPlain ? $"{url.Scheme}://{url.Host}{url.Path}" : throw new CtrException(
            CtrErrorIds.InvalidArgument,
            CtrStatus.InvalidArgument,
            $"The URL of '{url.Host}' has a user, a query or a fragment: containerd drops those.")
        {
            Target = url.Host,
            RecommendedAction = "Leave them out. User and password are kept by Connect-CtrRegistry, or by the kubelet's image pull secrets.",
        };
    }

    private static void Append(StringBuilder text, CtrHostWish wish, string indent)
    {
        foreach (string file in wish.Authorities)
        {
            RequireCertificate(file);
        }

        foreach ((string certificate, string? key) in wish.ClientCertificates)
        {
            RequireCertificate(certificate);
            if (key is not null && !File.Exists(key))
            {
                throw Invalid(key, $"There is no file '{key}'.");
            }
        }

        Line("capabilities", wish.Capabilities.Count, List(wish.Capabilities));
        Line("ca", wish.Authorities.Count, List(wish.Authorities));
        Line("client", wish.ClientCertificates.Count, $"[{string.Join(", ", wish.ClientCertificates.Select(pair => pair.Key is null
            ? Quoted(pair.Certificate)
            : List([pair.Certificate, pair.Key])))}]");
        Line("skip_verify", wish.SkipVerify is null ? 0 : 1, wish.SkipVerify == true ? "true" : "false");
        Line("override_path", wish.OverridePath ? 1 : 0, "true");

        void Line(string key, int count, string value)
        {
            if (count > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}{key} = {value}\n");
            }
        }
    }

    /// <summary>containerd would fail only when it asks the host.</summary>
    private static void RequireCertificate(string file)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(file);
            int count = found.Count;
            foreach (X509Certificate2 one in found)
            {
                one.Dispose();
            }

            if (count == 0)
            {
                throw Invalid(file, $"'{file}' has no certificate in PEM form.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Invalid(file, $"The certificate '{file}' cannot be read: {e.Message}", e);
        }
    }

    private static void ReadBack(string path, string text, CtrHostWish[] hosts)
    {
        HostsFile read = HostsFile.Parse(path, text);
        bool same = read.Hosts.Count == hosts.Length
            && read.Hosts.Zip(hosts).All(pair =>
                RegistryUrl.TryParse(pair.Second.Url!.Trim(), pair.Second.OverridePath, out _) == pair.First.Url
                && (pair.Second.SkipVerify ?? false) == (pair.First.SkipVerify ?? false)
                && pair.Second.Authorities.SequenceEqual(pair.First.Authorities ?? []));
        if (!same)
        {
            throw HostsFaults.File(path, "would not say what was asked for, and was not written");
        }
    }

    private static string List(IReadOnlyList<string> texts) => $"[{string.Join(", ", texts.Select(Quoted))}]";

    /// <summary>A basic string (TOML 1.0).</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c is '"' or '\\' ? quoted.Append('\\').Append(c)
                : char.IsControl(c) ? quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}")
                : quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private static CtrException NoHost() => Invalid(AnyRegistry, "A file for all registries needs a host or a server.");

    private static CtrException Invalid(string target, string message, Exception? cause = null) =>
        new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message, cause) { Target = target };
}
