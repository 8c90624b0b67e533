namespace CtrPS.Client.Oci;

/// <summary>An OCI descriptor (image-spec, descriptor.md), as far as walking an image needs it.</summary>
internal sealed record Descriptor
{
    /// <summary>Name of the annotation behind <see cref="ReferenceType"/>.</summary>
    public const string ReferenceTypeKey = "vnd.docker.reference.type";

    public static readonly IReadOnlyDictionary<string, string> NoAnnotations = new Dictionary<string, string>();

    public required string MediaType { get; init; }

    public required string Digest { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The platform that an index gives its entry. Null where it gives none, and outside of indexes.</summary>
    public CtrPlatform? Platform { get; init; }

    /// <summary>Annotations; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = NoAnnotations;

    /// <summary>The value of BuildKit's annotation that marks attestations. Null where there is none.</summary>
    public string? ReferenceType => Annotations.TryGetValue(ReferenceTypeKey, out string? type) ? type : null;

    /// <summary>
    /// An attestation of another entry rather than an image: marked so, or of the platform unknown/unknown that BuildKit gives them.
    /// </summary>
    public bool IsAttestation => ReferenceType == "attestation-manifest" || Platform is { Os: "unknown" } or { Architecture: "unknown" };
}
