namespace CtrPS.Rig.Registry;

/// <summary>How a faulty registry is set up.</summary>
public sealed record FaultyRegistryOptions
{
    /// <summary>Serve HTTPS, by the authority of the registry behind. Null: as that one does.</summary>
    public bool? Tls { get; init; }

    /// <summary>What its certificate is like.</summary>
    public LeafKind Leaf { get; init; }

    /// <summary>It lists what refers to a manifest, as registries of OCI 1.1 do; the one behind does not.</summary>
    public bool Referrers { get; init; }
}
