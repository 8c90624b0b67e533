using System.Buffers.Binary;
using System.IO.Compression;

namespace CtrPS.Client.Formats.Compression;

/// <summary>The compressions that archives and layers come in, told by magic bytes as containerd and docker do.</summary>
internal static class Compressors
{
    /// <summary>As many bytes as <see cref="Detect"/> looks at.</summary>
    public const int MagicLength = 8;

    /// <summary>What a file is compressed by, from its first <see cref="MagicLength"/> bytes (or all of them where it has fewer).</summary>
    public static CtrCompression Detect(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08]))
        {
            return CtrCompression.Gzip;
        }

        // A zstd file may begin with a frame to skip: 16 magic numbers and a length (RFC 8878, 3.1.2).
        if (head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd])
            || (head.Length >= 8 && (BinaryPrimitives.ReadUInt32LittleEndian(head) & 0xfffffff0) == 0x184d2a50))
        {
            return CtrCompression.Zstd;
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]))
        {
            return CtrCompression.Xz;
        }

        return head.StartsWith("BZh"u8) && head.Length > 3 && head[3] is >= (byte)'1' and <= (byte)'9' ? CtrCompression.Bzip2 : CtrCompression.None;
    }

    /// <summary>Reads what <paramref name="compressed"/> holds, all members of it. Owns the stream.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.CompressionUnavailable"/>.</exception>
    public static Stream Decompress(Stream compressed, CtrCompression compression) => compression switch
    {
        CtrCompression.None => compressed,
        CtrCompression.Gzip => new GzipDecodedStream(compressed),
        CtrCompression.Zstd => new DecodedStream(compressed, new ZstdDecoder()),
        CtrCompression.Xz => new DecodedStream(compressed, new XzDecoder()),
        CtrCompression.Bzip2 => new DecodedStream(compressed, new Bzip2Decoder()),
        _ => throw new ArgumentOutOfRangeException(nameof(compression)),
    };

    /// <summary>
    /// Compresses what is written into <paramref name="output"/>, without time, name or anything else that changes from run to run. Complete once
    /// disposed.
    /// </summary>
    /// <param name="output">Where to.</param>
    /// <param name="compression">gzip or zstd.</param>
    /// <param name="leaveOpen">Leave the output open.</param>
    /// <param name="level">How hard to try, by the format's own numbers. Null: <see cref="DefaultLevel"/>.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.CompressionUnavailable"/>.</exception>
    public static Stream Compress(Stream output, CtrCompression compression, bool leaveOpen, int? level = null) => compression switch
    {
        CtrCompression.Gzip => new GZipStream(
            output, new ZLibCompressionOptions { CompressionLevel = level ?? DefaultLevel(compression) }, leaveOpen),
        CtrCompression.Zstd => new ZstdEncoderStream(output, leaveOpen, level ?? DefaultLevel(compression)),
        _ => throw new ArgumentOutOfRangeException(nameof(compression), compression, "Only gzip and zstd are written."),
    };

    /// <summary>The level of the formats' own programs.</summary>
    public static int DefaultLevel(CtrCompression compression) => compression == CtrCompression.Zstd ? 3 : 6;

    /// <summary>The highest level.</summary>
    public static int HighestLevel(CtrCompression compression) => compression == CtrCompression.Zstd ? 19 : 9;
}
