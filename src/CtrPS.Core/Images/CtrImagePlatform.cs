namespace CtrPS;

/// <summary>A platform of an image, and whether all that it needs is in the content store.</summary>
public sealed class CtrImagePlatform : CtrPlatform
{
    /// <summary>Creates the entry of an image.</summary>
    internal CtrImagePlatform(string os, string architecture, string variant, string osVersion)
        : base(os, architecture, variant, osVersion)
    {
    }

    /// <summary>Digest of the manifest for this platform.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Bytes of manifest, config and layers together, as their descriptors say. Null where the manifest is not in the store.</summary>
    public long? Size { get; internal set; }

    /// <summary>Whether manifest, config and all layers are in the content store.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary>Whether the entry is no platform but an attestation (provenance, SBOM) of one, as BuildKit adds them.</summary>
    public bool IsAttestation { get; internal set; }

    /// <inheritdoc/>
    public override bool Equals(CtrPlatform? other) => base.Equals(other) && other is CtrImagePlatform entry
        && (Digest, Size, IsComplete, IsAttestation) == (entry.Digest, entry.Size, entry.IsComplete, entry.IsAttestation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Digest);
}
