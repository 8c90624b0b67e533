using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CtrPS.Rig.Processes;

namespace CtrPS.Rig.Registry;

/// <summary>docker-registry's config.yml with its password file and certificate, all in one folder.</summary>
internal static class RegistryConfiguration
{
    public static string PathIn(string folder) => Path.Combine(folder, "config.yml");

    public static async Task WriteAsync(string folder, RegistryOptions options, string? certificatePath, CancellationToken cancellationToken)
    {
        var auth = "";
        var tls = "";
        if (options.User is not null)
        {
            var hash = Posix.HashPassword(options.Password ?? throw new ArgumentException("a user needs a password"));
            var passwords = Path.Combine(folder, "htpasswd");
            await File.WriteAllTextAsync(passwords, $"{options.User}:{hash}\n", cancellationToken);
            auth = $"""
                auth:
                  htpasswd:
                    realm: rig
                    path: {passwords}
                """;
        }

        if (certificatePath is not null)
        {
            var keyPath = Path.ChangeExtension(certificatePath, ".key");
            await WriteCertificateAsync(certificatePath, keyPath, cancellationToken);
            tls = $"""
                  tls:
                    certificate: {certificatePath}
                    key: {keyPath}
                """;
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

    private static async Task WriteCertificateAsync(string path, string keyPath, CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=rig registry", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem(), cancellationToken);
        await File.WriteAllTextAsync(keyPath, key.ExportPkcs8PrivateKeyPem(), cancellationToken);
    }
}
