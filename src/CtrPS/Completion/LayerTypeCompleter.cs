namespace CtrPS.Completion;

/// <summary>Completes the media types of layers that containerd packs.</summary>
public sealed class LayerTypeCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
    [
        new("application/vnd.oci.image.layer.v1.tar", "a plain tar"),
        new("application/vnd.oci.image.layer.v1.tar+gzip", "a tar with gzip"),
        new("application/vnd.oci.image.layer.v1.tar+zstd", "a tar with zstd, from containerd 2.0 on"),
    ];
}
