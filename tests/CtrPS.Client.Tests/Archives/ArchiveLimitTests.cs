using System.Globalization;
using System.IO.Compression;
using System.Text;
using CtrPS.Client.Archives;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Whatever an archive says, reading it ends, and takes memory and work by what it has, not by what it claims.</summary>
public sealed class ArchiveLimitTests : IDisposable
{
    private const string Layout = """{"imageLayoutVersion":"1.0.0"}""";
    private const string Digest = "sha256:0123456789012345678901234567890123456789012345678901234567890123";
    private const string Config = """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");
    private readonly CancellationTokenSource _hang = new(TimeSpan.FromMinutes(3));

    private string Target => Path.Combine(_folder.FullName, "a.tar");

    public void Dispose()
    {
        _hang.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>What somebody who wants to do harm could write, and how it is refused.</summary>
    public static TheoryData<string, string, string> Attacks => new()
    {
        { "index: one image too many", CtrErrorIds.ArchiveLimit, "its index.json has 10001 images; more than 10000 are not read." },
        { "index: one annotation too many", CtrErrorIds.ArchiveLimit, "its index.json has 100001 annotations; more than 100000 are not read." },
        { "index: a digest of a million digits", CtrErrorIds.ArchiveLimit, "a text of 1000000 bytes where a name stands; more than 4096" },
        { "index: a name of a million characters", CtrErrorIds.ArchiveLimit, "a text of 1000000 bytes where a name stands; more than 4096" },
        { "index: an annotation twice", CtrErrorIds.ArchiveCorrupt, "its index.json gives 'a' twice." },
        { "index: two lists", CtrErrorIds.ArchiveCorrupt, "its index.json gives 'manifests' twice." },
        { "index: a size beyond all numbers", CtrErrorIds.ArchiveCorrupt, "its index.json is not an index: A size is no whole number of 64 bits." },
        { "index: lists in lists", CtrErrorIds.ArchiveCorrupt, "its index.json is not an index" },
        { "index: half a character", CtrErrorIds.ArchiveCorrupt, "its index.json is not an index" },
        { "index: a manifest too", CtrErrorIds.ArchiveCorrupt, "its index.json is not an index: it has what a manifest has." },
        { "layout: two versions", CtrErrorIds.ArchiveCorrupt, "its oci-layout gives 'imageLayoutVersion' twice." },
        { "docker: one image too many", CtrErrorIds.ArchiveLimit, "its manifest.json lists 10001 images; more than 10000 are not read." },
        { "docker: one name too many", CtrErrorIds.ArchiveLimit, "its manifest.json lists 10001 names of images; more than 10000 are not read." },
        { "docker: one layer too many", CtrErrorIds.ArchiveLimit, "gives one image 501 layers; containerd cannot mount more than 500" },
        { "docker: too many layers in all", CtrErrorIds.ArchiveLimit, "lists 100500 layers in all; more than 100000 are not read." },
        { "docker: a name of a million characters", CtrErrorIds.ArchiveLimit, "a text of 1000000 bytes where a name stands; more than 4096" },
        { "docker: a config with one layer too many", CtrErrorIds.ArchiveLimit, "describes 501 layers; containerd cannot mount more than 500" },
        { "docker: a config with much in it", CtrErrorIds.ArchiveLimit, "the config 'c' has 5000000 bytes; more than 4393216 are not read." },
        { "docker: the listing as config", CtrErrorIds.ArchiveCorrupt, "its config 'manifest.json' is not that of an image" },
        { "docker: a config twice", CtrErrorIds.ArchiveCorrupt, "its manifest.json gives 'Config' twice." },
        { "docker: a number as layer", CtrErrorIds.ArchiveCorrupt, "is not the list that docker writes" },
        { "tar: long names by pax", CtrErrorIds.ArchiveLimit, "entries and links have 17000000 characters up to here, the last one 1000000" },
        { "tar: long names by GNU", CtrErrorIds.ArchiveLimit, "more than 16777216 are not read." },
        { "tar: long targets by GNU", CtrErrorIds.ArchiveLimit, "more than 16777216 are not read." },
        { "tar: long targets by pax", CtrErrorIds.ArchiveLimit, "more than 16777216 are not read." },
        { "tar: an extension too large", CtrErrorIds.ArchiveLimit, "claims 1048577 bytes; more than 1048576 are not read." },
        { "tar: extensions without an entry", CtrErrorIds.ArchiveCorrupt, "does not have the checksum that it names." },
        { "tar: a name of slashes", CtrErrorIds.ArchiveUnrecognized, "it has neither index.json nor manifest.json." },
        { "tar: the largest size", CtrErrorIds.ArchiveCorrupt, "claims 9223372036854775807 bytes." },
        { "tar: the largest size by pax", CtrErrorIds.ArchiveCorrupt, "claims 9223372036854775807 bytes." },
        { "tar: a size to the end of all numbers", CtrErrorIds.ArchiveTruncated, "of 9223372036854774271 bytes are there." },
        { "tar: many digests for one file", CtrErrorIds.ArchiveLimit, "more than 3 links with different digests for names lead to the file 'f'." },
        { "tar: a name that steers the terminal", CtrErrorIds.ArchiveUnsafe, @"the entry '/\u001b[31mred\u0007' has an absolute name." },
        { "gzip: members without content", CtrErrorIds.ArchiveUnrecognized, "it is empty." },
        { "bzip2: members without content", CtrErrorIds.ArchiveUnrecognized, "it is empty." },
        { "zstd: frames to skip", CtrErrorIds.ArchiveUnrecognized, "it is empty." },
        { "zstd: a window of two gibibytes", CtrErrorIds.ArchiveLimit, "it needs more than 128 MiB of memory to decode." },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task An_attack_is_refused(string attack, string id, string words)
    {
        await File.WriteAllBytesAsync(Target, Build(attack));
        CtrException error = await Assert.ThrowsAsync<CtrException>(() => OpenAsync());
        Assert.True(error.ErrorId == id, $"{error.ErrorId}: {error.Message}");
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(Target, error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 2000, "a message for people");
        Assert.NotNull(error.RecommendedAction);
    }

    [Fact]
    public void A_listing_of_millions_is_refused_without_being_kept()
    {
        // The real limit, with five million layers as in an archive of 20 MB.
        byte[] layers = Encoding.UTF8.GetBytes($$"""[{"Config":"c","RepoTags":["a:1"],"Layers":[{{Repeat("\"l\"", 4_900_000)}}]}]""");
        CtrException error = Cheap(() => DockerItem.Parse(layers, "a.tar", ArchiveLimits.Default));
        Assert.Contains("gives one image 4900000 layers; containerd cannot mount more than 500", error.Message, StringComparison.Ordinal);

        byte[] images = Encoding.UTF8.GetBytes($"[{Repeat("""{"Config":"c","Layers":[]}""", 700_000)}]");
        error = Cheap(() => DockerItem.Parse(images, "a.tar", ArchiveLimits.Default));
        Assert.Contains("lists 700000 images; more than 10000 are not read.", error.Message, StringComparison.Ordinal);

        byte[] index = Encoding.UTF8.GetBytes($$"""{"manifests":[{{Repeat($$"""{"digest":"{{Digest}}"}""", 200_000)}}]}""");
        error = Cheap(() => IndexListing.Parse(index, "a.tar", ArchiveLimits.Default));
        Assert.Contains("has 200000 images; more than 10000 are not read.", error.Message, StringComparison.Ordinal);

        static CtrException Cheap(Action parse)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            CtrException error = Assert.Throws<CtrException>(parse);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
            Assert.Equal(CtrErrorIds.ArchiveLimit, error.ErrorId);
            return error;
        }
    }

    [Fact]
    public async Task What_many_images_share_is_read_and_hashed_once()
    {
        // Images that differ in nothing but how often they have the one layer, whose digest only its bytes tell.
        using var files = new CountedFiles(("c", Encoding.UTF8.GetBytes(Config)), ("l", [1, 2, 3]));
        await files.IndexAsync(default);
        var listing = new DockerListing(files);
        await listing.ReadAsync([.. Enumerable.Range(1, 300).Select(i => new DockerItem("c", [], [.. Enumerable.Repeat("l", i)]))], default);
        Assert.Equal(300, listing.Images.Count);
        Assert.Equal(300, listing.Manifests.Count);
        Assert.Equal(["c", "l"], files.Reads.Order());
        Assert.All(listing.Images, image => Assert.All(image.Docker!.Layers, layer => Assert.Equal(Digests.Of([1, 2, 3]), layer.Digest)));
    }

    [Fact]
    public async Task Where_configs_contradict_each_other_the_bytes_tell()
    {
        string other = Digest.Replace('9', '8');
        static string Of(string diffId) => Config.Replace("[]", $"[\"{diffId}\"]", StringComparison.Ordinal);
        using var files = new CountedFiles(("c", Encoding.UTF8.GetBytes(Of(Digest))), ("d", Encoding.UTF8.GetBytes(Of(other))), ("l", [1, 2, 3]));
        await files.IndexAsync(default);
        var listing = new DockerListing(files);
        await listing.ReadAsync([new DockerItem("c", [], ["l"]), new DockerItem("d", [], ["l"]), new DockerItem("d", [], ["l"])], default);
        string actual = Digests.Of([1, 2, 3]);
        Assert.Equal([Digest, actual, actual], listing.Images.Select(image => image.Docker!.Layers[0].Digest));
        Assert.Equal(["c", "d", "l"], files.Reads.Order());
    }

    [Fact]
    public async Task Documents_out_of_order_end_the_unpacking_of_a_compressed_archive()
    {
        // Ten configs, of which two are kept: read from the last to the first each needs another pass.
        var tar = new RawTar().Add("manifest.json", $"[{Repeat(i => $$"""{"Config":"c{{9 - i}}","Layers":[]}""", 10)}]");
        for (int i = 0; i < 10; i++)
        {
            _ = tar.Add($"c{i}", Config.Replace("linux", $"linux{i}", StringComparison.Ordinal));
        }

        await File.WriteAllBytesAsync(Target, Gzip(tar.End()));
        var limits = new ArchiveLimits { KeptBytes = 200, Passes = 3 };
        CtrException error = await Assert.ThrowsAsync<CtrException>(() => OpenAsync(limits));
        Assert.Equal(CtrErrorIds.ArchiveLimit, error.ErrorId);
        Assert.Contains("in an order in which it would have to be unpacked more than 3 times", error.Message, StringComparison.Ordinal);
        Assert.Contains("Unpack the Gzip data beforehand", error.RecommendedAction, StringComparison.Ordinal);
        await using ArchiveReader archive = await ArchiveReader.OpenAsync(Target, limits with { Passes = 10 }, _hang.Token);
        Assert.Equal(10, archive.Images.Count);
    }

    [Fact]
    public async Task Of_many_listings_of_one_name_the_last_counts()
    {
        var tar = new RawTar().Add("oci-layout", Layout);
        for (int i = 1; i <= 50; i++)
        {
            _ = tar.Add("index.json", $$"""{"manifests":[{"digest":"{{Digest}}","size":{{i}}}]}""");
        }

        await File.WriteAllBytesAsync(Target, Gzip(tar.End()));
        await using ArchiveReader archive = await ArchiveReader.OpenAsync(Target, _hang.Token);
        Assert.Equal(50, Assert.Single(archive.Images).Target.Size);
    }

    [Fact]
    public async Task As_many_images_as_may_be_are_read()
    {
        string images = Repeat(i => $$"""{"digest":"{{Digest}}","size":{{i}},"annotations":{"a":"1"} }""", 10_000);
        string index = $$"""{"schemaVersion":2,"manifests":[{{images}}]}""";
        await File.WriteAllBytesAsync(Target, new RawTar().Add("oci-layout", Layout).Add("index.json", index).End());
        await using (ArchiveReader archive = await ArchiveReader.OpenAsync(Target, _hang.Token))
        {
            Assert.Equal(Digest, archive.Images[^1].Target.Digest);
        }

        string listing = $$"""[{"Config":"c","RepoTags":null,"Layers":[{{Repeat("\"l\"", 500)}}]}]""";
        await File.WriteAllBytesAsync(Target, new RawTar().Add("c", Config).Add("l", "x").Add("manifest.json", listing).End());
        await using ArchiveReader docker = await ArchiveReader.OpenAsync(Target, _hang.Token);
        Assert.Equal(500, Assert.Single(docker.Images).Docker!.Layers.Count);
    }

    [Fact]
    public async Task Entries_and_names_of_a_folder_are_counted_too()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "oci-layout"), Layout);
        for (int i = 0; i < 5; i++)
        {
            _ = Directory.CreateDirectory(Path.Combine(_folder.FullName, "folder" + i));
        }

        await FailsAsync(new ArchiveLimits { Entries = 5 }, "it has more than 5 entries.");
        await FailsAsync(new ArchiveLimits { NameCharacters = 30 }, "more than 30 are not read.");

        async Task FailsAsync(ArchiveLimits limits, string words)
        {
            CtrException error = await Assert.ThrowsAsync<CtrException>(() => ArchiveReader.OpenAsync(_folder.FullName, limits, _hang.Token));
            Assert.Equal(CtrErrorIds.ArchiveLimit, error.ErrorId);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    [InlineData("folder")]
    public async Task A_token_ends_it(string kind)
    {
        byte[] tar = new RawTar().Add("oci-layout", Layout).Add("index.json", """{"manifests":[]}""").End();
        string path = kind == "folder" ? _folder.FullName : Target;
        await File.WriteAllBytesAsync(kind == "folder" ? Path.Combine(path, "index.json") : path, kind == "gzip" ? Gzip(tar) : tar);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ArchiveReader.OpenAsync(path, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_token_ends_data_that_gives_nothing()
    {
        // Frames to skip without end: no byte comes out, and the stream that gives them never ends either.
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await using Stream stream = Compressors.Decompress(new Endless([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]), CtrCompression.Zstd);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadExactlyAsync(new byte[100], stop.Token));
    }

    private async Task OpenAsync(ArchiveLimits? limits = null) =>
        await (await ArchiveReader.OpenAsync(Target, limits ?? ArchiveLimits.Default, _hang.Token)).DisposeAsync();

    private static byte[] Build(string attack) => attack.Split(": ") switch
    {
        ["index", var what] => new RawTar().Add("oci-layout", Layout).Add("index.json", Index(what)).End(),
        ["layout", _] => new RawTar().Add("oci-layout", Layout.Replace("}", ",\"imageLayoutVersion\":\"1.0.0\"}", StringComparison.Ordinal))
            .Add("index.json", "{}").End(),
        ["docker", var what] => new RawTar().Add("c", DockerConfig(what)).Add("l", "x").Add("manifest.json", Listing(what)).End(),
        ["tar", var what] => Tar(what),
        ["gzip", _] => Many(Gzip([]), 100_000),
        ["bzip2", _] => Many([.. "BZh9"u8, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0], 20_000),
        ["zstd", "frames to skip"] => Many([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], 500_000),

        // A frame header (RFC 8878, 3.1.1.1): nothing but a window of 2^31 bytes; then a block of two equal bytes.
        ["zstd", _] => [0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x13, 0x00, 0x00, 0x61],
        _ => throw new ArgumentOutOfRangeException(nameof(attack)),
    };

    private static string Index(string what) => what switch
    {
        "one image too many" => $$"""{"manifests":[{{Repeat($$"""{"digest":"{{Digest}}"}""", 10_001)}}]}""",
        "one annotation too many" => Image($"\"annotations\":{{{Repeat(i => $"\"{i}\":\"\"", 100_001)}}}"),
        "a digest of a million digits" => $$"""{"manifests":[{"digest":"{{new string('0', 1_000_000)}}"}]}""",
        "a name of a million characters" => Image($$"""
            "annotations":{"io.containerd.image.name":"{{new string('a', 1_000_000)}}"}
            """),
        "an annotation twice" => Image("""
            "annotations":{"a":"1","a":"2"}
            """),
        "two lists" => """{"manifests":[],"manifests":[]}""",
        "a size beyond all numbers" => Image("\"size\":1e400"),
        "lists in lists" => "{\"x\":" + new string('[', 5_000_000),
        "half a character" => Image("\"mediaType\":\"\\ud800\""),
        _ => """{"manifests":[],"layers":[]}""",
    };

    private static string Image(string fields) => $$"""{"manifests":[{"digest":"{{Digest}}",{{fields}}}]}""";

    private static string Listing(string what) => what switch
    {
        "one image too many" => $"[{Repeat("""{"Config":"c"}""", 10_001)}]",
        "one name too many" => $$"""[{"Config":"c","RepoTags":[{{Repeat(i => $"\"a:{i}\"", 10_001)}}]}]""",
        "one layer too many" => $$"""[{"Config":"c","Layers":[{{Repeat("\"l\"", 501)}}]}]""",
        "too many layers in all" => $"[{Repeat($$"""{"Config":"c","Layers":[{{Repeat("\"l\"", 500)}}]}""", 201)}]",
        "a name of a million characters" => $$"""[{"Config":"c","Layers":["{{new string('l', 1_000_000)}}"]}]""",
        "the listing as config" => """[{"Config":"manifest.json"}]""",
        "a config twice" => """[{"Config":"c","Config":"l"}]""",
        "a number as layer" => """[{"Config":"c","Layers":[1]}]""",
        _ => """[{"Config":"c","Layers":["l"]}]""",
    };

    private static string DockerConfig(string what) => what switch
    {
        "a config with one layer too many" => Config.Replace("[]", $"[{Repeat($"\"{Digest}\"", 501)}]", StringComparison.Ordinal),
        "a config with much in it" => Config.PadRight(5_000_000),
        _ => Config,
    };

    private static byte[] Tar(string what)
    {
        var tar = new RawTar();
        string million = new('n', 1_000_000);
        switch (what)
        {
            case "long names by pax":
                return Repeated(tar, i => tar.Pax("path", million[..^2] + i.ToString("d2", CultureInfo.InvariantCulture)).Add("x", []));
            case "long names by GNU":
                return Repeated(tar, i => tar.Add("././@LongLink", Encoding.UTF8.GetBytes(million + i), 'L').Add("x", []));
            case "long targets by GNU":
                return Repeated(tar, i => tar.Add("././@LongLink", Encoding.UTF8.GetBytes(million), 'K').Add("x" + i, [], '2'));
            case "long targets by pax":
                return Repeated(tar, i => tar.Pax("linkpath", million).Add("x" + i, [], '1'));
            case "an extension too large":
                return tar.Add("x", new byte[1_048_577], 'x').End();
            case "extensions without an entry":
                return Repeated(tar, _ => tar.Pax("path", "a"));
            case "a name of slashes":
                return tar.Pax("path", "a" + new string('/', 1_000_000)).Add("x", []).End();
            case "the largest size":
                return tar.Add("x", [], size: long.MaxValue).End();
            case "the largest size by pax":
                return tar.Pax("size", "9223372036854775807").Add("x", []).End();
            case "a size to the end of all numbers":
                return tar.Add("y", []).Add("x", [], size: long.MaxValue - 1536).End();
            case "many digests for one file":
                _ = tar.Add("f", "x");
                return Repeated(tar, i => tar.Add($"blobs/sha256/{i:d64}", [], '2', "../../f"));
            default:
                return tar.Add("/\u001b[31mred\a", []).End();
        }
    }

    private static byte[] Repeated(RawTar tar, Func<int, RawTar> add)
    {
        for (int i = 0; i < 20; i++)
        {
            _ = add(i);
        }

        return tar.End();
    }

    private static string Repeat(string one, int count) => Repeat(_ => one, count);

    private static string Repeat(Func<int, string> one, int count) => string.Join(',', Enumerable.Range(0, count).Select(one));

    private static byte[] Many(byte[] one, int count)
    {
        byte[] many = new byte[one.Length * count];
        for (int i = 0; i < count; i++)
        {
            one.CopyTo(many, i * one.Length);
        }

        return many;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        // The framework writes nothing at all for nothing: an empty member is written out.
        if (bytes.Length == 0)
        {
            return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>Files in memory that remember how often they were read.</summary>
    private sealed class CountedFiles(params (string Name, byte[] Content)[] files) : SeekableFiles("counted.tar", ArchiveLimits.Default)
    {
        public List<string> Reads { get; } = [];

        public override Stream Open(ArchiveEntry entry) => new Counted(this, entry.Name, files.Single(file => file.Name == entry.Name).Content);

        protected override Task ScanAsync(CancellationToken cancellationToken)
        {
            for (int i = 0; i < files.Length; i++)
            {
                _ = AddFile(files[i].Name, i, files[i].Content.Length);
            }

            return Task.CompletedTask;
        }

        /// <summary>A file counts as read when its end is reached.</summary>
        private sealed class Counted(CountedFiles owner, string name, byte[] content) : ForwardStream
        {
            private readonly MemoryStream _content = new(content);
            private bool _told;

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                int read = await _content.ReadAsync(buffer, cancellationToken);

                // Eight bytes are looked at to see whether it is compressed: that is no reading.
                if (!_told && buffer.Length > Compressors.MagicLength && _content.Position == _content.Length)
                {
                    _told = true;
                    owner.Reads.Add(name);
                }

                return read;
            }
        }
    }

    private sealed class Endless(byte[] pattern) : ForwardStream
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            foreach (ref byte one in buffer.Span)
            {
                one = pattern[_at++ % pattern.Length];
                _at %= pattern.Length;
            }

            return ValueTask.FromResult(buffer.Length);
        }
    }
}
