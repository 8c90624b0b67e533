using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using CtrPS.Client.Archives;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Every damage has its own error, which names the archive and says what is wrong with it. All are planted in real archives.</summary>
public sealed class BadArchiveTests : IDisposable
{
    private static readonly string[] Packers = ["", "gzip", "zstd"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");

    private string Target => Path.Combine(_folder.FullName, "bad.tar");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("", "it is empty, or no regular file.")]
    [InlineData("hello\n", "it is neither a tar nor a compressed tar.")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[]}", "it is neither a tar nor a compressed tar.")]
    public async Task A_file_that_is_no_archive(string content, string why)
    {
        await File.WriteAllTextAsync(Target, content);
        await FailsAsync(CtrErrorIds.ArchiveUnrecognized, why);
        await File.WriteAllTextAsync(Target, content + new string('x', 4000));
        await FailsAsync(CtrErrorIds.ArchiveUnrecognized, "it is neither a tar nor a compressed tar.");
    }

    [Fact]
    public async Task A_compressed_file_that_is_no_archive()
    {
        await using (var gzip = new GZipStream(File.Create(Target), CompressionMode.Compress))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(new string('y', 5000)));
        }

        await FailsAsync(CtrErrorIds.ArchiveUnrecognized, "it is neither a tar nor a compressed tar.");
    }

    [Fact]
    public async Task A_tar_of_something_else()
    {
        var bundle = new Bundle();
        bundle.Set("readme.txt", "hello");
        await FailsAsync(bundle, CtrErrorIds.ArchiveUnrecognized, "it has neither index.json nor manifest.json.");
        bundle.Set("layout/index.json", "{}");
        await FailsAsync(bundle, CtrErrorIds.ArchiveUnrecognized, "it holds 'layout/index.json', one folder too deep.");
        bundle.Remove("layout/index.json");
        bundle.Set("repositories", "{}");
        await FailsAsync(bundle, CtrErrorIds.ArchiveUnrecognized, "docker before 1.10");
    }

    [Fact]
    public async Task A_pipe_is_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a special file of Unix");
        await Tool.RunAsync("mkfifo", Target);
        await FailsAsync(CtrErrorIds.ArchiveUnrecognized, "no regular file");
        File.Delete(Target);
        File.CreateSymbolicLink(Target, "/dev/zero");
        await FailsAsync(CtrErrorIds.ArchiveUnrecognized, "no regular file");
    }

    [Fact]
    public async Task A_folder_that_is_no_layout()
    {
        var error = await Assert.ThrowsAsync<CtrException>(() => ArchiveReader.OpenAsync(_folder.FullName, default));
        Assert.Equal(CtrErrorIds.ArchiveUnrecognized, error.ErrorId);
        Assert.Contains("the folder has none of the files oci-layout, index.json and manifest.json.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task Nothing_there() => FailsAsync(CtrErrorIds.ArchiveNotFound, $"There is no file or folder '{Target}'.");

    [Fact]
    public async Task A_file_that_may_not_be_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "root may read everything");
        await File.WriteAllTextAsync(Target, "x");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Target, UnixFileMode.None);
        }

        await FailsAsync(CtrErrorIds.ArchiveAccessDenied, "no permission to read it");
    }

    [Fact]
    public async Task A_cut_tar_wherever_it_is_cut()
    {
        byte[] whole = await File.ReadAllBytesAsync(await Archives.RealAsync("busybox"));
        foreach (int length in new[] { 100, 511, 513, 700, 1100, whole.Length / 2 })
        {
            await File.WriteAllBytesAsync(Target, whole[..length]);
            CtrException error = await Assert.ThrowsAsync<CtrException>(() => ArchiveReader.OpenAsync(Target, default));
            string id = length < 512 ? CtrErrorIds.ArchiveUnrecognized : CtrErrorIds.ArchiveTruncated;
            Assert.True(error.ErrorId == id, $"{length}: {error.ErrorId} {error.Message}");
            Assert.Contains(Target, error.Message, StringComparison.Ordinal);
        }

        // Between two entries a cut shows only in what is missing: here all that lists the images.
        await File.WriteAllBytesAsync(Target, whole[..1024]);
        await FailsAsync(CtrErrorIds.ArchiveTruncated, "ends without an end mark");
    }

    [Theory]
    [InlineData("gzip", ".gz")]
    [InlineData("zstd", ".zst")]
    [InlineData("xz", ".xz")]
    [InlineData("bzip2", ".bz2")]
    public async Task A_cut_or_damaged_compressed_tar(string program, string suffix)
    {
        string plain = Path.Combine(_folder.FullName, "plain.tar");
        File.Copy(await Archives.RealAsync("busybox"), plain);
        await Tool.RunAsync(program, plain);
        byte[] whole = await File.ReadAllBytesAsync(plain + suffix);
        foreach (int length in new[] { whole.Length / 2, whole.Length - 10, whole.Length - 1 })
        {
            await File.WriteAllBytesAsync(Target, whole[..length]);
            await FailsAsync(CtrErrorIds.ArchiveTruncated, "data ends after");
        }

        whole[whole.Length / 2] ^= 0x10;
        await File.WriteAllBytesAsync(Target, whole);
        await FailsAsync(CtrErrorIds.ArchiveCorrupt, "data cannot be read beyond byte");
    }

    [Fact]
    public async Task A_damaged_header()
    {
        byte[] whole = await File.ReadAllBytesAsync(await Archives.RealAsync("busybox"));
        whole[512 + 20] ^= 1;
        await File.WriteAllBytesAsync(Target, whole);
        await FailsAsync(CtrErrorIds.ArchiveCorrupt, "the header at byte 512 after the entry 'blobs/' does not have the checksum that it names.");
    }

    [Theory]
    [InlineData("index.json", "{\"schemaVersion\":2,", "its index.json is not an index")]
    [InlineData("index.json", "[]", "of the kind Array")]
    [InlineData("index.json", """{"manifests":[{"size":3}]}""", "its index.json is not an index")]
    [InlineData("index.json", """{"manifests":[],"layers":[]}""", "its index.json is not an index")]
    [InlineData(
        "index.json",
        """{"manifests":[{"mediaType":"a/b","size":-1,"digest":"sha256:0123456789012345678901234567890123456789012345678901234567890123"}]}""",
        "a size of -1")]
    [InlineData("oci-layout", "{", "its oci-layout cannot be read")]
    [InlineData("oci-layout", """{"imageLayoutVersion":"2.0.0"}""", "the version '2.0.0'")]
    [InlineData("oci-layout", "{}", "the version ''")]
    public async Task A_damaged_listing(string name, string content, string why)
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        bundle.Set(name, content);
        await FailsAsync(bundle, CtrErrorIds.ArchiveCorrupt, why);
    }

    [Theory]
    [InlineData("index.json")]
    [InlineData("oci-layout")]
    public async Task Half_a_layout(string absent)
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        bundle.Remove(absent);
        await FailsAsync(bundle, CtrErrorIds.ArchiveCorrupt, $"and not '{absent}'");
    }

    [Theory]
    [InlineData("{}", "is not the list that docker writes")]
    [InlineData("[{\"RepoTags\":null}]", "is not the list that docker writes")]
    [InlineData("[{\"Config\":\"nothing.json\",\"Layers\":[]}]", "the config 'nothing.json', which its manifest.json names, is not in it.")]
    [InlineData("[{\"Config\":\"{config}\",\"Layers\":[\"x/layer.tar\"]}]", "the layer 'x/layer.tar', which its manifest.json names, is not in it.")]
    [InlineData("[{\"Config\":\"repositories\",\"Layers\":[]}]", "")]
    public async Task A_damaged_docker_listing(string content, string why)
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox-docker"));
        bundle.Set("repositories", "no JSON");
        bundle.Set("manifest.json", content.Replace("{config}", (string)bundle.Json("manifest.json")[0]!["Config"]!, StringComparison.Ordinal));
        await FailsAsync(bundle, CtrErrorIds.ArchiveCorrupt, why);
    }

    [Theory]
    [InlineData("md5:0123456789abcdef0123456789abcdef")]
    [InlineData("sha256:0123")]
    [InlineData("sha256:ZZZZ456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("../../etc/passwd")]
    public async Task A_digest_of_an_unknown_algorithm(string digest)
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        bundle.Set("index.json", $$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{digest}}","size":3}]}
            """);
        await FailsAsync(bundle, CtrErrorIds.InvalidDigest, $"'{digest}' is not a digest", namesPath: false);
    }

    [Theory]
    [InlineData("/etc/passwd", "has an absolute name")]
    [InlineData("../evil", "has '..' in its name")]
    [InlineData("blobs/../../evil", "has '..' in its name")]
    public async Task A_name_that_leads_out(string name, string why)
    {
        foreach (string packer in Packers)
        {
            Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
            bundle.Items.Insert(2, new Bundle.Entry(name, TarEntryType.RegularFile, "", [1, 2]));
            await FailsAsync(bundle, CtrErrorIds.ArchiveUnsafe, why, packer);
        }
    }

    [Theory]
    [InlineData("a/b", "/etc/passwd", TarEntryType.SymbolicLink)]
    [InlineData("a/b", "../../etc/passwd", TarEntryType.SymbolicLink)]
    [InlineData("b", "..", TarEntryType.SymbolicLink)]
    [InlineData("a/b", "../x", TarEntryType.HardLink)]
    [InlineData("a/b", "/etc/shadow", TarEntryType.HardLink)]
    public async Task A_link_that_leads_out(string name, string target, TarEntryType type)
    {
        foreach (string packer in Packers)
        {
            Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
            bundle.Items.Insert(2, new Bundle.Entry(name, type, target, []));
            await FailsAsync(bundle, CtrErrorIds.ArchiveUnsafe, $"the link '{name}' points to '{target}', outside of the archive.", packer);
        }
    }

    [Fact]
    public async Task A_link_out_of_a_folder()
    {
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(await Archives.RealAsync("busybox"), _folder.FullName, overwriteFiles: false);
        string blob = Directory.GetFiles(Path.Combine(_folder.FullName, "blobs", "sha256"))[0];
        File.Delete(blob);
        File.CreateSymbolicLink(blob, "/etc/hostname");
        CtrException error = await Assert.ThrowsAsync<CtrException>(() => ArchiveReader.OpenAsync(_folder.FullName, default));
        Assert.Equal(CtrErrorIds.ArchiveUnsafe, error.ErrorId);
        File.Delete(blob);
        Directory.CreateSymbolicLink(blob, "../../..");
        error = await Assert.ThrowsAsync<CtrException>(() => ArchiveReader.OpenAsync(_folder.FullName, default));
        Assert.Equal(CtrErrorIds.ArchiveUnsafe, error.ErrorId);
    }

    [Fact]
    public async Task Links_in_a_circle()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        bundle.Items.Add(new Bundle.Entry("a", TarEntryType.SymbolicLink, "b", []));
        bundle.Items.Add(new Bundle.Entry("b", TarEntryType.SymbolicLink, "a", []));
        await FailsAsync(bundle, CtrErrorIds.ArchiveCorrupt, "leads in a circle");
    }

    [Fact]
    public async Task A_listing_of_ten_gibibytes_is_refused_at_its_header()
    {
        // The header alone, and a hole where the bytes would be: nothing reads them.
        foreach (string name in new[] { "index.json", "manifest.json", "oci-layout" })
        {
            await using (FileStream file = File.Create(Target))
            {
                Header(file, name, 10L << 30);
                file.SetLength(512 + (10L << 30) + 1024);
            }

            await FailsAsync(CtrErrorIds.ArchiveLimit, $"its {name} has 10737418240 bytes; more than 20971520 are not read.");
        }
    }

    [Theory]
    [InlineData('x')]
    [InlineData('L')]
    [InlineData('K')]
    public async Task An_extended_header_of_two_gibibytes_is_refused_unread(char type)
    {
        await using (FileStream file = File.Create(Target))
        {
            Header(file, "x", 2L << 30, type);
            file.SetLength(512 + (2L << 30) + 1024);
        }

        await FailsAsync(CtrErrorIds.ArchiveLimit, "claims 2147483648 bytes; more than 1048576 are not read.");
    }

    [Fact]
    public async Task More_entries_than_may_be()
    {
        await using (var file = new BufferedStream(File.Create(Target), 1 << 20))
        {
            for (int i = 0; i <= 200_000; i++)
            {
                Header(file, "same", 0);
            }
        }

        await FailsAsync(CtrErrorIds.ArchiveLimit, "it has more than 200000 entries.");
    }

    [Fact]
    public async Task A_bomb()
    {
        // An entry of 8 GiB of zeros, in members of which each is a thousandth of what it expands to. Reading ends soon after the first gibibyte.
        byte[] zeros = Gzip(new byte[16 << 20]);
        using var header = new MemoryStream();
        Header(header, "blobs/zeros", 8L << 30);
        await using (FileStream file = File.Create(Target))
        {
            file.Write(Gzip(header.ToArray()));
            for (long i = 0; i < 8L << 30; i += 16 << 20)
            {
                file.Write(zeros);
            }
        }

        await FailsAsync(CtrErrorIds.ArchiveLimit, "250 times as many.");
    }

    [Fact]
    public async Task A_sparse_entry()
    {
        string layout = Path.Combine(_folder.FullName, "layout");
        _ = Directory.CreateDirectory(layout);
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(await Archives.RealAsync("busybox"), layout, overwriteFiles: false);
        await using (FileStream file = File.Create(Path.Combine(layout, "hole")))
        {
            file.SetLength(10 << 20);
        }

        foreach (string format in new[] { "gnu", "posix" })
        {
            await Tool.RunAsync("tar", "-C", layout, "-S", "--format", format, "-cf", Target, ".");
            await FailsAsync(CtrErrorIds.ArchiveCorrupt, "stored sparse");
        }
    }

    [Fact]
    public async Task What_gnu_tar_packs_is_read_even_with_long_names()
    {
        string layout = Path.Combine(_folder.FullName, "layout");
        _ = Directory.CreateDirectory(layout);
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(await Archives.RealAsync("busybox"), layout, overwriteFiles: false);
        string deep = Directory.CreateDirectory(Path.Combine(layout, new string('d', 120), new string('e', 120))).FullName;
        File.CreateSymbolicLink(Path.Combine(deep, "link"), "../" + new string('t', 150));
        await File.WriteAllTextAsync(Path.Combine(deep, new string('f', 90)), "x");
        foreach (string format in new[] { "gnu", "posix", "oldgnu" })
        {
            await Tool.RunAsync("tar", "-C", layout, "--format", format, "-cf", Target, ".");
            await using ArchiveReader archive = await ArchiveReader.OpenAsync(Target, default);
            Assert.Equal("docker.io/library/busybox:1.35", Assert.Single(archive.Images).Name);
        }
    }

    private async Task FailsAsync(Bundle bundle, string id, string words, string packer = "", bool namesPath = true)
    {
        bundle.Write(Target);
        if (packer.Length > 0)
        {
            await Tool.RunAsync(packer, "-f", "-k", Target);
            File.Move(Directory.GetFiles(_folder.FullName, "bad.tar.*").Single(path => path.Length > Target.Length), Target, overwrite: true);
        }

        await FailsAsync(id, words, namesPath);
    }

    private async Task FailsAsync(string id, string words, bool namesPath = true)
    {
        CtrException error = await Assert.ThrowsAsync<CtrException>(
            async () => await (await ArchiveReader.OpenAsync(Target, default)).DisposeAsync());
        Assert.True(error.ErrorId == id, $"{error.ErrorId}: {error.Message}");
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.True(!namesPath || error.Message.Contains(Target, StringComparison.Ordinal), error.Message);
        Assert.Equal(!namesPath || id == CtrErrorIds.ArchiveNotFound, error.RecommendedAction is null);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>A bare ustar header, for sizes that no writer would fill.</summary>
    private static void Header(Stream tar, string name, long size, char type = '0')
    {
        byte[] block = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(block, 0);
        Encoding.ASCII.GetBytes("0000644\0" + "0000000\0" + "0000000\0").CopyTo(block, 100);
        Encoding.ASCII.GetBytes(size < 1L << 33 ? Convert.ToString(size, 8).PadLeft(11, '0') + "\0" : "\0\0\0\0\0\0\0\0\0\0\0\0").CopyTo(block, 124);
        if (size >= 1L << 33)
        {
            block[124] = 0x80;
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(128), size);
        }

        Encoding.ASCII.GetBytes("00000000000\0" + "        ").CopyTo(block, 136);
        block[156] = (byte)type;
        Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(block, 257);
        int sum = block.Sum(one => one);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(block, 148);
        tar.Write(block);
    }
}
