
namespace CtrPS.Client.Oci;

/// <summary>Media types of manifests and indexes, OCI's (image-spec, media-types.md) and docker's (distribution, manifest v2 schema 2).</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    public static bool IsIndex(string mediaType) => mediaType is OciIndex or DockerManifestList;

    public static bool IsManifest(string mediaType) => mediaType is OciManifest or DockerManifest;

    /// <summary>A config that names a platform and a root file system. The configs of artifacts are of other types.</summary>
    public static bool IsImageConfig(string mediaType) => mediaType is OciConfig or DockerConfig;

    /// <summary>A layer of a file system, of any compression.</summary>
    public static bool IsLayer(string mediaType) =>
        mediaType.StartsWith(OciLayer, StringComparison.Ordinal)
            || mediaType.StartsWith(DockerLayer, StringComparison.Ordinal)
            || IsNonDistributable(mediaType);

    /// <summary>A layer that its maker does not allow to be carried around (Windows base layers of old).</summary>
    public static bool IsNonDistributable(string mediaType) =>
        mediaType.StartsWith("application/vnd.oci.image.layer.nondistributable.", StringComparison.Ordinal)
        || mediaType.StartsWith("application/vnd.docker.image.rootfs.foreign.", StringComparison.Ordinal);
}
