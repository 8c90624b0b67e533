using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>An image that an archive lists: one for each name, and one for each image without a name.</summary>
internal sealed record ArchiveImage
{
    /// <summary>Its manifest or index, with the annotations and the platform that the listing gives.</summary>
    public required Descriptor Target { get; init; }

    /// <summary>
    /// The full name: the annotation <c>io.containerd.image.name</c> verbatim, or docker's tag completed by docker's rules. Null where there is
    /// none, or where docker's is no reference.
    /// </summary>
    public string? ImageName { get; init; }

    /// <summary>
    /// The annotation <c>org.opencontainers.image.ref.name</c> verbatim: a tag or a whole name; of docker's listing the tag as it stands there.
    /// Null where there is none.
    /// </summary>
    public string? ReferenceName { get; init; }

    /// <summary>The best name that the archive gives. Null where it gives none.</summary>
    public string? Name => ImageName ?? ReferenceName;

    /// <summary>What only docker's listing describes. Null for images of an OCI layout.</summary>
    public DockerImage? Docker { get; init; }
}

/// <summary>An image as docker's <c>manifest.json</c> describes it.</summary>
/// <param name="Config">The config.</param>
/// <param name="Layers">The layers, bottom first.</param>
/// <param name="DiffIds">The digests of the layers' uncompressed bytes, as the config says.</param>
internal sealed record DockerImage(Descriptor Config, IReadOnlyList<Descriptor> Layers, IReadOnlyList<string> DiffIds);
