namespace CtrPS;

/// <summary>By which rules the images of an archive can be found.</summary>
public enum CtrArchiveFormat : long
{
    /// <summary>An OCI image layout: <c>oci-layout</c> and <c>index.json</c> (image-spec, image-layout.md).</summary>
    Oci,

    /// <summary>What <c>docker save</c> writes: <c>manifest.json</c>.</summary>
    Docker,

    /// <summary>Both in one archive.</summary>
    Both,
}
