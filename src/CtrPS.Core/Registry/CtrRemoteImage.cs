using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>An image at a registry, as its manifests tell of it: nothing of its layers was fetched.</summary>
public sealed class CtrRemoteImage
{
    internal CtrRemoteImage()
    {
    }

    /// <summary>The full name.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The registry.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>The repository.</summary>
    public string Repository { get; internal set; } = null!;

    /// <summary>The tag. Null where it was asked for by digest alone.</summary>
    public string? Tag { get; internal set; }

    /// <summary>The digest that the name stands for.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The media type of the manifest or index.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>What kind of artifact it is, where it is none that runs. Null: not said.</summary>
    public string? ArtifactType { get; internal set; }

    /// <summary>Bytes of manifest, config and layers for the platform that the config is of. Null where there is none.</summary>
    public long? Size { get; internal set; }

    /// <summary>The platforms, and the attestations of them.</summary>
    public IReadOnlyList<CtrRemotePlatform> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<CtrRemotePlatform>.Empty;

    /// <summary>The platform that <see cref="Size"/>, <see cref="CreatedAt"/> and <see cref="Labels"/> are of. Null where there is none.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>When it was built, as its config says. Null where that does not.</summary>
    public DateTimeOffset? CreatedAt { get; internal set; }

    /// <summary>The labels in the config.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The annotations of the manifest or index.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>What refers to the manifest or index: signatures, SBOMs.</summary>
    public IReadOnlyList<CtrReferrer> Referrers { get; internal set => field = CtrList.Of(value); } = CtrList<CtrReferrer>.Empty;

    /// <summary>The host that told it, as an address.</summary>
    public string Host { get; internal set; } = null!;

    /// <summary>The bytes of the manifest or index, as the registry gave them.</summary>
    internal ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>The manifest or index as the registry gave it.</summary>
    public string ToJson() => System.Text.Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The manifest or index.</summary>
    /// <param name="indented">On several lines, for people: then the bytes are no longer those of the digest.</param>
    public string ToJson(bool indented) => indented ? RecordJson.Text(JsonNode.Parse(Bytes.Span)!, indented: true) : ToJson();

    /// <summary>The full name.</summary>
    public override string ToString() => Name;
}

/// <summary>A platform of an image at a registry.</summary>
public sealed class CtrRemotePlatform : CtrPlatform
{
    internal CtrRemotePlatform(CtrPlatform platform)
        : base(platform.Os, platform.Architecture, platform.Variant, platform.OsVersion)
    {
    }

    /// <summary>Digest of the manifest for this platform.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Bytes of manifest, config and layers together, as their descriptors say. Null where the manifest was not asked for.</summary>
    public long? Size { get; internal set; }

    /// <summary>Whether the entry is no platform but an attestation (provenance, SBOM) of one.</summary>
    public bool IsAttestation { get; internal set; }

    /// <inheritdoc/>
    public override bool Equals(CtrPlatform? other) => base.Equals(other) && other is CtrRemotePlatform entry
        && (Digest, Size, IsAttestation) == (entry.Digest, entry.Size, entry.IsAttestation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Digest);
}

/// <summary>Something at a registry that refers to an image: a signature, an SBOM.</summary>
public sealed class CtrReferrer
{
    internal CtrReferrer()
    {
    }

    /// <summary>The digest of its manifest.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The media type of its manifest.</summary>
    public string MediaType { get; internal set; } = "";

    /// <summary>What it is. Empty: not said.</summary>
    public string ArtifactType { get; internal set; } = "";

    /// <summary>Bytes of its manifest.</summary>
    public long Size { get; internal set; }

    /// <summary>Its annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>What it is, and its digest.</summary>
    public override string ToString() => ArtifactType.Length == 0 ? Digest : $"{ArtifactType} {Digest}";
}
