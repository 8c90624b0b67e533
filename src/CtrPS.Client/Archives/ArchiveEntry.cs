namespace CtrPS.Client.Archives;

/// <summary>A regular file in an archive.</summary>
/// <param name="name">Its name, without <c>./</c> and with forward slashes.</param>
/// <param name="offset">Where its bytes begin in the (uncompressed) tar; in a folder its place in the order of names.</param>
/// <param name="size">Bytes.</param>
internal sealed class ArchiveEntry(string name, long offset, long size)
{
    public string Name { get; } = name;

    public long Offset { get; } = offset;

    public long Size { get; } = size;

    /// <summary>What it is compressed by, as far as that was looked at.</summary>
    public CtrCompression? Compression { get; set; }
}
