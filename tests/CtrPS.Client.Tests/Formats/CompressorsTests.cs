using System.Text;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Posix;
using CtrPS.Client.Tests.Archives;

namespace CtrPS.Client.Tests.Formats;

/// <summary>Compressions, with the programs of the system as the other side.</summary>
public sealed class CompressorsTests : IDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i * 7919 % 100_003} ")));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");

    public static TheoryData<string, string, CtrCompression> Programs => new()
    {
        { "gzip", ".gz", CtrCompression.Gzip },
        { "zstd", ".zst", CtrCompression.Zstd },
        { "xz", ".xz", CtrCompression.Xz },
        { "bzip2", ".bz2", CtrCompression.Bzip2 },
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Reads_what_the_program_wrote(string program, string suffix, CtrCompression compression)
    {
        byte[] packed = await PackAsync(program, suffix);
        Assert.Equal(compression, Compressors.Detect(packed));
        Assert.Equal(Content, await UnpackAsync(packed, compression));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Reads_several_members_as_one(string program, string suffix, CtrCompression compression)
    {
        byte[] packed = await PackAsync(program, suffix);
        Assert.Equal((byte[])[.. Content, .. Content, .. Content], await UnpackAsync([.. packed, .. packed, .. packed], compression));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Tells_where_the_end_is_missing(string program, string suffix, CtrCompression compression)
    {
        byte[] packed = await PackAsync(program, suffix);
        foreach (int length in new[] { 3, 12, packed.Length / 3, packed.Length / 2, packed.Length - 9, packed.Length - 5, packed.Length - 1 })
        {
            Exception? error = await Record.ExceptionAsync(() => UnpackAsync(packed[..length], compression));
            Assert.True(
                error is EndOfStreamException or InvalidDataException, $"{length} of {packed.Length} bytes: {error?.GetType().Name ?? "no error"}");
        }
    }

    [Fact]
    public async Task Zeros_behind_gzip_are_no_cut()
    {
        byte[] packed = await PackAsync("gzip", ".gz");
        Assert.Equal(Content, await UnpackAsync([.. packed, .. new byte[1000]], CtrCompression.Gzip));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Tells_a_wrong_byte(string program, string suffix, CtrCompression compression)
    {
        byte[] packed = await PackAsync(program, suffix);
        packed[packed.Length / 2] ^= 0x10;
        await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync(packed, compression));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Reads_from_a_stream_that_gives_little_at_a_time(string program, string suffix, CtrCompression compression)
    {
        byte[] packed = await PackAsync(program, suffix);
        await using Stream stream = Compressors.Decompress(new Dripping(packed), compression);
        using var unpacked = new MemoryStream();
        await stream.CopyToAsync(unpacked, 3);
        Assert.Equal(Content, unpacked.ToArray());
    }

    [Theory]
    [InlineData("gzip", ".gz", CtrCompression.Gzip)]
    [InlineData("zstd", ".zst", CtrCompression.Zstd)]
    public async Task The_program_reads_what_is_written_here(string program, string suffix, CtrCompression compression)
    {
        string path = Path.Combine(_folder.FullName, "written" + suffix);
        var written = new MemoryStream();
        for (int run = 0; run < 2; run++)
        {
            using var output = new MemoryStream();
            await using (Stream stream = Compressors.Compress(output, compression, leaveOpen: true))
            {
                await stream.WriteAsync(Content.AsMemory(0, 1000));
                stream.Write(Content, 1000, 1000);
                await stream.FlushAsync();
                await stream.WriteAsync(Content.AsMemory(2000));
            }

            Assert.True(run == 0 || output.ToArray().SequenceEqual(written.ToArray()), "two runs differ");
            written = new MemoryStream(output.ToArray());
        }

        await File.WriteAllBytesAsync(path, written.ToArray());
        await Tool.RunAsync(program, "-t", path);
        await Tool.RunAsync(program, "-d", "-k", path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path[..^suffix.Length]));
        Assert.Equal(Content, await UnpackAsync(written.ToArray(), compression));
        Assert.True(written.Length < Content.Length / 2);
    }

    [Theory]
    [InlineData(CtrCompression.Gzip, 1, 9)]
    [InlineData(CtrCompression.Zstd, 1, 19)]
    public async Task A_higher_level_makes_fewer_bytes_of_the_same(CtrCompression compression, int low, int high)
    {
        byte[] less = await WriteAsync(low);
        byte[] more = await WriteAsync(high);
        Assert.True(more.Length < less.Length, $"{more.Length} bytes by level {high}, {less.Length} by level {low}");
        Assert.Equal(more, await WriteAsync(high));
        Assert.Equal(Content, await UnpackAsync(less, compression));
        Assert.Equal(Content, await UnpackAsync(more, compression));

        async Task<byte[]> WriteAsync(int level)
        {
            using var output = new MemoryStream();
            await using (Stream stream = Compressors.Compress(output, compression, leaveOpen: true, level))
            {
                await stream.WriteAsync(Content);
            }

            return output.ToArray();
        }
    }

    [Fact]
    public async Task What_is_given_up_ends_in_no_frame()
    {
        using var output = new MemoryStream();
        await using (var stream = new ZstdEncoderStream(output, leaveOpen: true, level: 3))
        {
            await stream.WriteAsync(Content);
            stream.Abandon();
        }

        await Assert.ThrowsAsync<EndOfStreamException>(() => UnpackAsync([.. output.ToArray(), 0x28, 0xb5, 0x2f, 0xfd], CtrCompression.Zstd));
    }

    [Fact]
    public async Task Nothing_written_is_an_empty_frame()
    {
        using var output = new MemoryStream();
        await using (Stream stream = Compressors.Compress(output, CtrCompression.Zstd, leaveOpen: true))
        {
        }

        Assert.Equal(CtrCompression.Zstd, Compressors.Detect(output.ToArray()));
        Assert.Empty(await UnpackAsync(output.ToArray(), CtrCompression.Zstd));
    }

    [Fact]
    public async Task A_zstd_file_may_begin_with_a_frame_to_skip()
    {
        byte[] packed = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3, .. await PackAsync("zstd", ".zst")];
        Assert.Equal(CtrCompression.Zstd, Compressors.Detect(packed));
        Assert.Equal(Content, await UnpackAsync(packed, CtrCompression.Zstd));
    }

    [Fact]
    public void Text_and_little_are_not_compressed()
    {
        byte[][] heads = [[], [0x1f], [0x1f, 0x8b], [.. "BZh"u8], [.. "BZhello"u8], [.. "{\"a\":1}"u8], [0x50, 0x2a, 0x4d, 0x18]];
        foreach (byte[] head in heads)
        {
            Assert.Equal(CtrCompression.None, Compressors.Detect(head));
        }
    }

    [Fact]
    public void An_absent_library_is_told_by_its_package()
    {
        var error = Assert.Throws<CtrException>(
            () => SystemLibrary.Load("nothing", "xz", "liblzma5", ["libnothing.so.7", "/nowhere/libnothing.dylib"]));
        Assert.Equal(CtrErrorIds.CompressionUnavailable, error.ErrorId);
        Assert.Contains("libnothing.so.7", error.Message, StringComparison.Ordinal);
        Assert.Contains("liblzma5", error.RecommendedAction, StringComparison.Ordinal);
    }

    private static async Task<byte[]> UnpackAsync(byte[] packed, CtrCompression compression)
    {
        await using Stream stream = Compressors.Decompress(new MemoryStream(packed), compression);
        using var unpacked = new MemoryStream();
        await stream.CopyToAsync(unpacked);
        return unpacked.ToArray();
    }

    private async Task<byte[]> PackAsync(string program, string suffix)
    {
        string path = Path.Combine(_folder.FullName, "content");
        await File.WriteAllBytesAsync(path, Content);
        await Tool.RunAsync(program, "-k", "-f", path);
        return await File.ReadAllBytesAsync(path + suffix);
    }

    /// <summary>Gives one byte a read.</summary>
    private sealed class Dripping(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            base.ReadAsync(buffer, offset, Math.Min(1, count), cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
