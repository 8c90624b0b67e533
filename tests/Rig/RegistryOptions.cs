using CtrPS.Rig.Registry;

namespace CtrPS.Rig;

/// <summary>How a private registry is set up.</summary>
public sealed record RegistryOptions
{
    /// <summary>Where the registry's folder is made; the temporary folder when null.</summary>
    public string? ParentFolder { get; init; }

    public RegistryVersion Version { get; init; } = RegistryVersion.V282;

    /// <summary>When set, every request needs this user and <see cref="Password"/> (HTTP basic); with <see cref="Token"/> the token server knows
    /// the user, who may do everything.</summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>When set, requests need a token, which a token server of the rig's gives.</summary>
    public TokenOptions? Token { get; init; }

    /// <summary>Serve HTTPS with a certificate of an own authority, see <see cref="RegistryRig.CertificatePath"/>. The token server too.</summary>
    public bool Tls { get; init; }

    /// <summary>What the certificate of the server is like.</summary>
    public LeafKind Leaf { get; init; }

    /// <summary>Take only clients with a certificate, see <see cref="RegistryRig.ClientCertificatePath"/>. Needs <see cref="Tls"/>.</summary>
    public bool ClientCertificate { get; init; }

    /// <summary>How long the registry may take until it listens.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
