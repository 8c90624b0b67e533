using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>How a layer is stored.</summary>
/// <param name="Compression">None, gzip or zstd.</param>
/// <param name="Level">How hard it is compressed.</param>
internal readonly record struct LayerForm(CtrCompression Compression, int Level)
{
    private const string NonDistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    private const string Foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar";

    /// <summary>The form with a level, or the default one.</summary>
    public static LayerForm Of(CtrCompression compression, int? level) =>
        new(compression, compression == CtrCompression.None ? 0 : level ?? Compressors.DefaultLevel(compression));

    /// <summary>What a media type says about the compression.</summary>
    public static CtrCompression CompressionOf(string mediaType) =>
        mediaType.EndsWith("+gzip", StringComparison.Ordinal) || mediaType.EndsWith(".gzip", StringComparison.Ordinal) ? CtrCompression.Gzip
        : mediaType.EndsWith("+zstd", StringComparison.Ordinal) || mediaType.EndsWith(".zstd", StringComparison.Ordinal) ? CtrCompression.Zstd
        : CtrCompression.None;

    /// <summary>
    /// Whether layers of a media type can be read and written: not so those that are encrypted, or of another file system than a tar.
    /// </summary>
    public static bool IsKnown(string mediaType) => mediaType is MediaTypes.OciLayer or MediaTypes.OciLayerGzip or MediaTypes.OciLayerZstd
        or MediaTypes.DockerLayer or MediaTypes.DockerLayerGzip or MediaTypes.DockerLayer + ".zstd"
        or NonDistributable or NonDistributable + "+gzip" or NonDistributable + "+zstd" or Foreign or Foreign + ".gzip";

    /// <summary>The media type of such a layer.</summary>
    /// <param name="format">Whose.</param>
    /// <param name="compression">None, gzip or zstd; docker has no zstd.</param>
    /// <param name="nonDistributable">Whether its maker does not allow it to be carried around.</param>
    public static string MediaTypeOf(CtrImageFormat format, CtrCompression compression, bool nonDistributable) => format == CtrImageFormat.Docker
        ? (nonDistributable ? Foreign : MediaTypes.DockerLayer) + (compression == CtrCompression.None ? "" : ".gzip")
        : (nonDistributable ? NonDistributable : MediaTypes.OciLayer)
            + (compression switch { CtrCompression.Gzip => "+gzip", CtrCompression.Zstd => "+zstd", _ => "" });

    /// <summary>As the label says it by which a converted layer is found again.</summary>
    public override string ToString() => Compression switch
    {
        CtrCompression.None => "none",
        CtrCompression.Gzip => $"gzip-{Level}",
        _ => $"zstd-{Level}",
    };
}
