using CtrPS.Rig.Processes;

namespace CtrPS.Rig.Registry;

/// <summary>docker-registry's config.yml with its password file and certificates, all in one folder.</summary>
internal static class RegistryConfiguration
{
    public static string PathIn(string folder) => Path.Combine(folder, "config.yml");

    /// <param name="folder">The registry's folder.</param>
    /// <param name="options">How it is set up.</param>
    /// <param name="authority">Signs its certificate.</param>
    /// <param name="clientAuthorityPath">The certificate of the authority of clients. Null: clients need none.</param>
    /// <param name="tokens">Where tokens come from. Null: it needs none.</param>
    /// <param name="tokenPem">The certificate that tokens are signed by.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task WriteAsync(
        string folder,
        RegistryOptions options,
        RigAuthority authority,
        string? clientAuthorityPath,
        TokenServer? tokens,
        string? tokenPem,
        CancellationToken cancellationToken)
    {
        var auth = tokens is not null ? await TokenAuthAsync(folder, tokens, tokenPem!, cancellationToken)
            : options.User is not null ? await PasswordAuthAsync(folder, options, cancellationToken)
            : "";
        var tls = "";
        if (options.Tls)
        {
            var (path, keyPath) = (Path.Combine(folder, "registry.crt"), Path.Combine(folder, "registry.key"));
            using var leaf = authority.IssueServer(options.Leaf);
            await RigAuthority.WriteAsync(leaf, path, keyPath, cancellationToken);
            tls = $"  tls:\n    certificate: {path}\n    key: {keyPath}\n";
            if (clientAuthorityPath is not null)
            {
                tls += $"    clientcas:\n      - {clientAuthorityPath}\n";
            }
        }

        var text = $"""
            version: 0.1
            log:
              level: info
            storage:
              filesystem:
                rootdirectory: {folder}/storage
              delete:
                enabled: true
            {auth}
            http:
              addr: 127.0.0.1:0
            {tls}

            """;
        await File.WriteAllTextAsync(PathIn(folder), text, cancellationToken);
    }

    private static async Task<string> PasswordAuthAsync(string folder, RegistryOptions options, CancellationToken cancellationToken)
    {
        var passwords = Path.Combine(folder, "htpasswd");
        await File.WriteAllTextAsync(passwords, $"{options.User}:{Posix.HashPassword(options.Password!)}\n", cancellationToken);
        return $"""
            auth:
              htpasswd:
                realm: rig
                path: {passwords}
            """;
    }

    private static async Task<string> TokenAuthAsync(string folder, TokenServer tokens, string pem, CancellationToken cancellationToken)
    {
        var bundle = Path.Combine(folder, "token.crt");
        await File.WriteAllTextAsync(bundle, pem, cancellationToken);
        return $"""
            auth:
              token:
                realm: {tokens.Realm}
                service: {tokens.Service}
                issuer: {TokenKey.Issuer}
                rootcertbundle: {bundle}
            """;
    }
}
