using System.Diagnostics;
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
    private Process? _server;

    private RegistryRig(RigFolder folder, RegistryOptions options)
    {
        _folder = folder;
        _options = options;
    }

    /// <summary>Host and port as they stand in an image reference: 127.0.0.1:40001.</summary>
    public string Address { get; private set; } = "";

    public Uri Url => new($"{(_options.Tls ? "https" : "http")}://{Address}/");

    /// <summary>The certificate to trust (PEM) when the registry serves HTTPS, else null.</summary>
    public string? CertificatePath => _options.Tls ? Path.Combine(Folder, "registry.crt") : null;

    public string Folder => _folder.Path;

    public string LogPath => Path.Combine(Folder, "log");

    public int ProcessId => _server?.Id ?? throw new InvalidOperationException("the registry does not run");

    /// <exception cref="RigUnavailableException">There is no docker-registry here; the message says how to get it.</exception>
    public static async Task<RegistryRig> StartAsync(RegistryOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RegistryOptions();
        var package = DebianPackages.Registry;
        if (!package.IsUnpacked)
        {
            throw new RigUnavailableException($"{package} is not unpacked here; 'rig provision' does it");
        }

        var rig = new RegistryRig(await RigFolder.CreateAsync(options.ParentFolder), options);
        try
        {
            await RegistryConfiguration.WriteAsync(rig.Folder, options, rig.CertificatePath, cancellationToken);
            rig._server = Command.StartDetached(
                Path.Combine(package.Folder, "usr", "bin", "docker-registry"), ["serve", RegistryConfiguration.PathIn(rig.Folder)], rig.LogPath);
            rig.Address = await rig.WaitUntilItListensAsync(cancellationToken);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
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
        var reference = $"{Address}/{repository ?? $"library/{image}:1"}";
        string[] credentials = _options.User is null ? [] : ["--dest-creds", $"{_options.User}:{_options.Password}"];
        string[] format = docker ? ["--format", "v2s2"] : [];
        (await Command.RunAsync(
            Tools.Need("skopeo"),
            [
                "--insecure-policy", "--tmpdir", Folder, "copy", "--quiet", "--all", "--dest-tls-verify=false",
                .. credentials, .. format, $"{transport}:{archive}", $"docker://{reference}",
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

        await _folder.DisposeAsync();
    }

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
