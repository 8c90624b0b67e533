namespace CtrPS;

/// <summary>How a file or a layer is compressed, told by its first bytes and not by its name.</summary>
public enum CtrCompression : long
{
    /// <summary>Not compressed.</summary>
    None,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>Zstandard (RFC 8878).</summary>
    Zstd,

    /// <summary>xz.</summary>
    Xz,

    /// <summary>bzip2.</summary>
    Bzip2,
}
