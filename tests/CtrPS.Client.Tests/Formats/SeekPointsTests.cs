using System.IO.Compression;
using CtrPS.Client.Formats.Compression;

namespace CtrPS.Client.Tests.Formats;

/// <summary>Decoding that begins in the middle gives what decoding from the start gives there.</summary>
public sealed class SeekPointsTests
{
    /// <summary>Several distances between two places, of words that compress and bytes that do not.</summary>
    private static readonly byte[] Content = MakeContent((int)(4 * SeekPoints.FirstSpan) + 12_345);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(40, 0)]
    [InlineData(2, 512)] // zeros behind the last member, as some writers leave them
    public async Task Gzip_is_decoded_from_its_middle(int members, int zeros)
    {
        using var packed = new MemoryStream();
        foreach (byte[] part in Content.Chunk((Content.Length / members) + 1))
        {
            using var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true);
            gzip.Write(part);
        }

        packed.Write(new byte[zeros]);
        await ProveAsync(CtrCompression.Gzip, packed.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public async Task Zstd_is_decoded_from_its_frames(int frames)
    {
        using var packed = new MemoryStream();
        foreach (byte[] part in Content.Chunk((Content.Length / frames) + 1))
        {
            using Stream zstd = Compressors.Compress(packed, CtrCompression.Zstd, leaveOpen: true);
            zstd.Write(part);
        }

        SeekPoints points = await ProveAsync(CtrCompression.Zstd, packed.ToArray());
        Assert.Equal(frames > 1, points.Before(Content.Length - 1) is not null);
    }

    [Fact]
    public async Task Gzip_that_is_cut_or_damaged_is_told()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Content);
        }

        byte[] whole = packed.ToArray();
        var points = new SeekPoints(CtrCompression.Gzip);
        await Assert.ThrowsAsync<EndOfStreamException>(() => ReadAsync(points.Decode(new MemoryStream(whole[..^9]), null, record: true)));
        whole[whole.Length / 2] ^= 0x55;
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(points.Decode(new MemoryStream(whole), null, record: false)));
    }

    [Fact]
    public void No_more_places_are_kept_than_fit()
    {
        var points = new SeekPoints(CtrCompression.Gzip);
        for (long plain = SeekPoints.FirstSpan; plain < SeekPoints.FirstSpan * SeekPoints.MaxPoints * 5; plain += SeekPoints.FirstSpan)
        {
            if (points.IsDue(plain))
            {
                points.Add(new SeekPoint(plain / 3, 0, plain, new byte[1]));
            }
        }

        Assert.InRange(points.Memory, 1, (64 + 1) * SeekPoints.MaxPoints);
        Assert.InRange(points.Before(SeekPoints.FirstSpan * 1000)!.Plain, SeekPoints.FirstSpan * 984, SeekPoints.FirstSpan * 1000);
    }

    private static async Task<SeekPoints> ProveAsync(CtrCompression compression, byte[] packed)
    {
        var points = new SeekPoints(compression);
        Assert.Equal(Content, await ReadAsync(points.Decode(new MemoryStream(packed), null, record: true)));
        for (long at = 0; at < Content.Length; at += SeekPoints.FirstSpan / 3)
        {
            SeekPoint? point = points.Before(at);
            if (compression == CtrCompression.Gzip)
            {
                Assert.True(at - (point?.Plain ?? 0) < 2 * SeekPoints.FirstSpan, $"the place before {at} is near");
            }

            long start = SeekPoints.Start(point);
            byte[] rest = await ReadAsync(points.Decode(new MemoryStream(packed[(int)start..]), point, record: false));
            Assert.True(Content.AsSpan((int)(point?.Plain ?? 0)).SequenceEqual(rest), $"what follows {point?.Plain} is the same");
        }

        return points;
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        await using (stream)
        {
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            return bytes.ToArray();
        }
    }

    private static byte[] MakeContent(int length)
    {
        var random = new Random(7);
        byte[] content = new byte[length];
        byte[][] words = [.. Enumerable.Range(0, 200).Select(_ =>
        {
            byte[] word = new byte[random.Next(3, 60)];
            random.NextBytes(word);
            return word;
        })];
        for (int at = 0; at < length;)
        {
            byte[] word = words[random.Next(words.Length)];
            int count = Math.Min(word.Length, length - at);
            word.AsSpan(0, count).CopyTo(content.AsSpan(at));
            at += count;
        }

        return content;
    }
}
