namespace CtrPS.Rig;

/// <summary>How a private registry is set up.</summary>
public sealed record RegistryOptions
{
    /// <summary>Where the registry's folder is made; the temporary folder when null.</summary>
    public string? ParentFolder { get; init; }

    /// <summary>When set, every request needs this user and <see cref="Password"/> (HTTP basic).</summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>Serve HTTPS with a certificate of an own authority, see <see cref="RegistryRig.CertificatePath"/>.</summary>
    public bool Tls { get; init; }

    /// <summary>How long the registry may take until it listens.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
