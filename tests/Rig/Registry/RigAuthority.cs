using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CtrPS.Rig.Registry;

/// <summary>A private authority (CA) and what it signs. Its own certificate is no server's, as it is where people run one.</summary>
internal sealed class RigAuthority : IDisposable
{
    public const string OtherName = "registry.other.example";

    private static readonly TimeSpan Life = TimeSpan.FromDays(30);

    private readonly X509Certificate2 _authority;

    public RigAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow - Life, DateTimeOffset.UtcNow + Life);
    }

    /// <summary>The certificate to trust, in PEM.</summary>
    public string Pem => _authority.ExportCertificatePem();

    /// <summary>A chain policy that trusts this authority and no other.</summary>
    public X509ChainPolicy Policy => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _authority },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    /// <summary>A certificate with its key for the loopback addresses, or one that is wrong in a certain way.</summary>
    public X509Certificate2 IssueServer(LeafKind kind)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (kind == LeafKind.OtherName)
        {
            names.AddDnsName(OtherName);
        }
        else
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(FaultyServer.OtherLoopback);
            names.AddDnsName("localhost");
        }

        var end = DateTimeOffset.UtcNow.AddDays(kind == LeafKind.Expired ? -1 : 20);
        return Issue(kind == LeafKind.OtherName ? OtherName : "rig registry", "1.3.6.1.5.5.7.3.1", end, names.Build()); // serverAuth
    }

    public X509Certificate2 IssueClient() =>
        Issue("rig client", "1.3.6.1.5.5.7.3.2", DateTimeOffset.UtcNow.AddDays(20), null); // clientAuth

    public void Dispose() => _authority.Dispose();

    /// <summary>A certificate and its key as two files in PEM.</summary>
    public static async Task WriteAsync(X509Certificate2 certificate, string path, string keyPath, CancellationToken cancellationToken)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem(), cancellationToken);
        await File.WriteAllTextAsync(keyPath, key.ExportPkcs8PrivateKeyPem(), cancellationToken);
    }

    private X509Certificate2 Issue(string name, string usage, DateTimeOffset end, X509Extension? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using var certificate = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-10), end, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
