using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;
using CtrPS.Rig.Registry;

namespace CtrPS.Rig;

/// <summary>A private docker-registry on a free port of 127.0.0.1, its storage in a temporary folder. Deleting is allowed.</summary>
public sealed partial class RegistryRig : IAsyncDisposable
{
    private readonly RigFolder _folder;
    private readonly RegistryOptions _options;
    private readonly RigAuthority _clientAuthority = new("rig authority of clients");
    private TokenKey? _tokenKey;
    private Process? _server;

    private RegistryRig(RigFolder folder, RegistryOptions options)
    {
        _folder = folder;
        _options = options;
    }

    /// <summary>Host and port as they stand in an image reference: 127.0.0.1:40001.</summary>
    public string Address { get; private set; } = "";

    public Uri Url => new($"{(_options.Tls ? "https" : "http")}://{Address}/");

    /// <summary>The certificate of the authority to trust (PEM) when the registry serves HTTPS, else null.</summary>
    public string? CertificatePath => _options.Tls ? AuthorityPath : null;

    /// <summary>What to identify by (PEM) when the registry takes only clients with a certificate, else null.</summary>
    public string? ClientCertificatePath => _options.ClientCertificate ? Path.Combine(CertificateFolder, "client.cert") : null;

    /// <summary>The key of <see cref="ClientCertificatePath"/> (PEM).</summary>
    public string? ClientKeyPath => _options.ClientCertificate ? Path.Combine(CertificateFolder, "client.key") : null;

    /// <summary>
    /// Holds what a client needs, laid out as docker's certs.d has it for one host: <c>ca.crt</c>, <c>client.cert</c>, <c>client.key</c>.
    /// </summary>
    public string CertificateFolder => Path.Combine(Folder, "certs");

    /// <summary>Gives the tokens that the registry takes. Null: it needs none.</summary>
    public TokenServer? Tokens { get; private set; }

    public string Folder => _folder.Path;

    public string LogPath => Path.Combine(Folder, "log");

    public int ProcessId => _server?.Id ?? throw new InvalidOperationException("the registry does not run");

    internal RigAuthority Authority { get; } = new("rig authority");

    internal string AuthorityPath => Path.Combine(CertificateFolder, "ca.crt");

    /// <exception cref="RigUnavailableException">There is no docker-registry here; the message says how to get it.</exception>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public static async Task<RegistryRig> StartAsync(RegistryOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RegistryOptions();
        if ((options.ClientCertificate || options.Leaf != LeafKind.Good) && !options.Tls)
        {
            throw new ArgumentException("certificates need TLS");
        }

        if (options.User is not null != options.Password is not null)
        {
            throw new ArgumentException("a user needs a password, and a password a user");
        }

        var package = DebianPackages.RegistryOf(options.Version);
        if (!package.IsUnpacked)
        {
            throw new RigUnavailableException($"{package} is not unpacked here; 'rig provision' does it");
        }

        var rig = new RegistryRig(await RigFolder.CreateAsync(options.ParentFolder), options);
        try
        {
            var clientAuthority = await rig.WriteCertificatesAsync(cancellationToken);
            await rig.StartTokensAsync(cancellationToken);
            await RegistryConfiguration.WriteAsync(
                rig.Folder, options, rig.Authority, clientAuthority, rig.Tokens, rig._tokenKey?.Pem, cancellationToken);
            rig._server = Command.StartDetached(
                Path.Combine(package.Folder, "usr", "bin", "docker-registry"), ["serve", RegistryConfiguration.PathIn(rig.Folder)], rig.LogPath,
                NoSettings());
            rig.Address = await rig.WaitUntilItListensAsync(cancellationToken);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client that trusts the registry's authority and has a certificate where one is needed. It follows no redirect.</summary>
    public HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            SslOptions = { CertificateChainPolicy = Authority.Policy },
        };
        if (ClientCertificatePath is not null)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(ClientCertificatePath, ClientKeyPath)];
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Puts one of the rig's images into the registry with skopeo and returns its reference.</summary>
    /// <param name="image">A word of <see cref="RigImages.All"/> whose archive holds one image.</param>
    /// <param name="repository">Repository and tag, <c>library/busybox:1.35</c>; by default <c>library/IMAGE:1</c>.</param>
    /// <param name="docker">Convert to docker's media types (schema 2).</param>
    /// <param name="cancellationToken">Ends skopeo.</param>
    public async Task<string> PushAsync(
        string image, string? repository = null, bool docker = false, CancellationToken cancellationToken = default)
    {
        var archive = await RigImages.ArchiveAsync(image, cancellationToken);
        var transport = image.EndsWith("-docker", StringComparison.Ordinal) ? "docker-archive" : "oci-archive";
        repository ??= $"library/{image}:1";
        var reference = $"{Address}/{repository}";
        string[] credentials = Tokens is not null ? ["--dest-registry-token", Tokens.Issue(repository.Split(':', '@')[0])]
            : _options.User is not null ? ["--dest-creds", $"{_options.User}:{_options.Password}"]
            : [];
        string[] format = docker ? ["--format", "v2s2"] : [];
        (await Command.RunAsync(
            Tools.Need("skopeo"),
            [
                "--insecure-policy", "--tmpdir", Folder, "copy", "--quiet", "--all", "--dest-tls-verify=false",
                "--dest-cert-dir", CertificateFolder, .. credentials, .. format, $"{transport}:{archive}", $"docker://{reference}",
            ],
            cancellationToken: cancellationToken)).Check();
        return reference;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await Command.EndAsync(_server);
            _server.Dispose();
            _server = null;
        }

        if (Tokens is not null)
        {
            await Tokens.DisposeAsync();
        }

        _tokenKey?.Dispose();
        _clientAuthority.Dispose();
        Authority.Dispose();
        await _folder.DisposeAsync();
    }

    /// <summary>What the rig itself identifies by. Null: nothing is needed.</summary>
    internal AuthenticationHeaderValue? Authorize(string repository) =>
        Tokens is not null ? new AuthenticationHeaderValue("Bearer", Tokens.Issue(repository))
        : _options.User is null ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_options.User}:{_options.Password}")));

    /// <summary>Returns the certificate of the clients' authority, or null.</summary>
    private async Task<string?> WriteCertificatesAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(CertificateFolder);
        await File.WriteAllTextAsync(AuthorityPath, Authority.Pem, cancellationToken);
        if (!_options.ClientCertificate)
        {
            return null;
        }

        using var client = _clientAuthority.IssueClient();
        await RigAuthority.WriteAsync(client, ClientCertificatePath!, ClientKeyPath!, cancellationToken);
        var path = Path.Combine(Folder, "client-authority.pem");
        await File.WriteAllTextAsync(path, _clientAuthority.Pem, cancellationToken);
        return path;
    }

    private async Task StartTokensAsync(CancellationToken cancellationToken)
    {
        if (_options.Token is not { } options)
        {
            return;
        }

        _tokenKey = new TokenKey();
        var user = _options.User is { } name ? new TokenUser(name, _options.Password!) : null;
        var certificate = _options.Tls ? Authority.IssueServer(LeafKind.Good) : null;
        Tokens = await TokenServer.StartAsync(options, _tokenKey, user, certificate, cancellationToken);
    }

    /// <summary>docker-registry takes every variable REGISTRY_... for a setting, podman's REGISTRY_AUTH_FILE too.</summary>
    private static Dictionary<string, string?> NoSettings() => Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .Where(name => name.StartsWith("REGISTRY_", StringComparison.Ordinal)).ToDictionary(name => name, _ => (string?)null);

    /// <summary>The registry takes a free port by itself and says in its log which: no race for a port that was free a moment ago.</summary>
    private async Task<string> WaitUntilItListensAsync(CancellationToken cancellationToken)
    {
        var deadline = Stopwatch.StartNew();
        while (deadline.Elapsed < _options.StartTimeout)
        {
            var log = File.Exists(LogPath) ? await File.ReadAllTextAsync(LogPath, cancellationToken) : "";
            if (ListeningOn().Match(log) is { Success: true } match)
            {
                return match.Groups[1].Value;
            }

            if (_server!.HasExited)
            {
                throw new InvalidOperationException($"docker-registry ended with {_server.ExitCode} at its start:\n{log}");
            }

            await Task.Delay(5, cancellationToken);
        }

        throw new TimeoutException($"docker-registry did not listen within {_options.StartTimeout}; its log: {LogPath}");
    }

    [GeneratedRegex(@"listening on (127\.0\.0\.1:\d+)\b")]
    private static partial Regex ListeningOn();
}
