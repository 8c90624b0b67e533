using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>A place in compressed data where decoding can begin.</summary>
/// <param name="Packed">Bytes of the compressed data before it.</param>
/// <param name="Bits">Bits of the byte before it that belong behind it; 0 mostly.</param>
/// <param name="Plain">Bytes of the content before it.</param>
/// <param name="Window">The content just before it, which what follows may point back to. Null: a member or frame begins there.</param>
internal sealed record SeekPoint(long Packed, int Bits, long Plain, byte[]? Window);

/// <summary>
/// Places in one compressed file where decoding can begin, found while it is decoded once: in gzip between two blocks, in zstd between two frames. So
/// that a file of any size takes no more than <see cref="MaxPoints"/> windows, every second place is dropped when there are more, and from then on
/// the distance doubles.
/// </summary>
/// <param name="compression">How the file is compressed.</param>
internal sealed class SeekPoints(CtrCompression compression)
{
    /// <summary>At most 16 MiB of windows.</summary>
    public const int MaxPoints = 512;

    /// <summary>Content between two places at first: inflated in some ten milliseconds.</summary>
    public const long FirstSpan = 2 << 20;

    private readonly List<SeekPoint> _points = [];
    private long _span = FirstSpan;

    public CtrCompression Compression => compression;

    /// <summary>Bytes that the places take.</summary>
    public long Memory => _points.Sum(point => 64L + (point.Window?.Length ?? 0));

    /// <summary>Whether a place would be of use there.</summary>
    public bool IsDue(long plain) => plain - (_points.Count > 0 ? _points[^1].Plain : 0) >= _span;

    public void Add(SeekPoint point)
    {
        _points.Add(point);
        if (_points.Count > MaxPoints)
        {
            List<SeekPoint> kept = [.. _points.Where((_, index) => index % 2 == 1)];
            _points.Clear();
            _points.AddRange(kept);
            _span *= 2;
        }
    }

    /// <summary>The last place at or before a byte of the content. Null: the start.</summary>
    public SeekPoint? Before(long plain)
    {
        int low = 0;
        int high = _points.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _points[middle].Plain <= plain ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? null : _points[low - 1];
    }

    /// <summary>Where the compressed data is to be read from, to decode from a place.</summary>
    public static long Start(SeekPoint? point) => point is null ? 0 : point.Packed - (point.Bits > 0 ? 1 : 0);

    /// <summary>What the file holds from a place on. Owns the stream.</summary>
    /// <param name="compressed">The compressed data, from <see cref="Start"/> on.</param>
    /// <param name="point">The place. Null: the start.</param>
    /// <param name="record">Whether to note places on the way; from the start only.</param>
    public Stream Decode(Stream compressed, SeekPoint? point, bool record) => compression switch
    {
        CtrCompression.Gzip when SystemLibrary.TryRequire(SystemLibrary.Zlib) =>
            new SeekableGzipStream(compressed, point, record ? this : null),
        CtrCompression.Zstd => new DecodedStream(compressed, new ZstdDecoder(), record ? AddFrame : null),
        _ => Compressors.Decompress(compressed, compression),
    };

    private void AddFrame(long packed, long plain)
    {
        if (IsDue(plain))
        {
            Add(new SeekPoint(packed, 0, plain, null));
        }
    }
}
