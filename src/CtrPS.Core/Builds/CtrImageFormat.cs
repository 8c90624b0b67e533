namespace CtrPS;

/// <summary>Whose media types the manifests of an image have.</summary>
public enum CtrImageFormat : long
{
    /// <summary>OCI's (image-spec, media-types.md).</summary>
    Oci,

    /// <summary>Docker's (distribution, manifest v2, schema 2). It knows neither zstd nor annotations.</summary>
    Docker,
}
