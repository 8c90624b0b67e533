namespace CtrPS;

/// <summary>A platform of an image, and whether all that it needs is in the content store.</summary>
public sealed record CtrImagePlatform : CtrPlatform
{
    /// <summary>Creates the entry of an image.</summary>
    public CtrImagePlatform(string os, string architecture, string variant, string osVersion)
        : base(os, architecture, variant, osVersion)
    {
    }

    /// <summary>Digest of the manifest for this platform.</summary>
    public required string Digest { get; init; }

    /// <summary>Bytes of manifest, config and layers together, as their descriptors say. Null where the manifest is not in the store.</summary>
    public long? Size { get; init; }

    /// <summary>Whether manifest, config and all layers are in the content store.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Whether the entry is no platform but an attestation (provenance, SBOM) of one, as BuildKit adds them.</summary>
    public bool IsAttestation { get; init; }
}
