namespace CtrPS.Completion;

/// <summary>Completes the media types that registries store as manifests, and the one for everything else.</summary>
public sealed class ManifestTypeCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
    [
        new("application/vnd.oci.image.manifest.v1+json", "a manifest"),
        new("application/vnd.oci.image.index.v1+json", "an index"),
        new("application/vnd.docker.distribution.manifest.v2+json", "docker's manifest"),
        new("application/vnd.docker.distribution.manifest.list.v2+json", "docker's index"),
        new("application/octet-stream", "a blob"),
    ];
}
