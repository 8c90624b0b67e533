using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace CtrPS.Rig.Registry;

/// <summary>What a token is for.</summary>
internal sealed record TokenAccess(string Type, string Name, IReadOnlyList<string> Actions)
{
    public override string ToString() => $"{Type}:{Name}:{string.Join(',', Actions)}";
}

/// <summary>Signs tokens as docker-registry verifies them (distribution 2.8, registry/auth/token/token.go): ES256, the certificate in x5c.</summary>
internal sealed class TokenKey : IDisposable
{
    public const string Issuer = "rig-token-server";

    /// <summary>How long past its end the registry still takes a token, for clocks that differ (the same file, Leeway).</summary>
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TokenKey()
    {
        var request = new CertificateRequest($"CN={Issuer}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    /// <summary>The certificate that the registry trusts, in PEM.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>A token that the registry takes for so long and no longer: its end is told earlier by what the registry adds.</summary>
    public string Sign(string subject, string audience, IReadOnlyList<TokenAccess> access, TimeSpan lifetime)
    {
        var now = DateTimeOffset.UtcNow;
        var header = Encode(new { typ = "JWT", alg = "ES256", x5c = new[] { Convert.ToBase64String(_certificate.RawData) } });
        var claims = Encode(new
        {
            iss = Issuer,
            sub = subject,
            aud = audience,
            exp = (now + lifetime - Leeway).ToUnixTimeSeconds(),
            nbf = now.AddMinutes(-1).ToUnixTimeSeconds(),
            iat = now.ToUnixTimeSeconds(),
            jti = RandomNumberGenerator.GetHexString(16),
            access = access.Select(one => new { type = one.Type, name = one.Name, actions = one.Actions }),
        });
        var signature = _key.SignData(System.Text.Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256);
        return $"{header}.{claims}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private static string Encode(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
