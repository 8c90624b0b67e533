namespace CtrPS.Completion;

/// <summary>Completes the media types of what images consist of.</summary>
public sealed class MediaTypeCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
    [
        new("application/vnd.oci.image.manifest.v1+json", "a manifest"),
        new("application/vnd.oci.image.index.v1+json", "an index"),
        new("application/vnd.oci.image.config.v1+json", "the config of an image"),
        new("application/vnd.oci.image.layer.v1.tar", "a layer, a plain tar"),
        new("application/vnd.oci.image.layer.v1.tar+gzip", "a layer, a tar with gzip"),
        new("application/vnd.oci.image.layer.v1.tar+zstd", "a layer, a tar with zstd"),
        new("application/vnd.docker.distribution.manifest.v2+json", "docker's manifest"),
        new("application/vnd.docker.distribution.manifest.list.v2+json", "docker's index"),
        new("application/vnd.docker.container.image.v1+json", "docker's config of an image"),
        new("application/vnd.docker.image.rootfs.diff.tar.gzip", "docker's layer, a tar with gzip"),
    ];
}
