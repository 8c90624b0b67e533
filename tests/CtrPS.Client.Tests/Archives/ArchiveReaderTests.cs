using System.Formats.Tar;
using System.Security.Cryptography;
using CtrPS.Client.Archives;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Archives of every shape are read alike, whatever packs them.</summary>
public sealed class ArchiveReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_layout_lists_its_images_and_gives_their_blobs()
    {
        await using ArchiveReader archive = await ArchiveReader.OpenAsync(await Archives.RealAsync("busybox"), default);
        Assert.Equal(
            (CtrArchiveFormat.Oci, CtrCompression.None, true, true),
            (archive.Format, archive.Compression, archive.CanSeek, archive.EndMarked));
        ArchiveImage image = Assert.Single(archive.Images);
        Assert.Equal((null, "docker.io/library/busybox:1.35"), (image.ImageName, image.ReferenceName));
        Assert.Null(image.Docker);
        ImageNode graph = await ImageGraph.ReadAsync(archive, image.Target, default);
        Assert.True(graph.IsWhole);
        Assert.Equal(3, graph.All.Count());
        await ProveAsync(archive, [.. graph.All.Select(node => node.Descriptor.Digest), archive.Index.Digest]);
        Assert.Equal(archive.Index.Digest, Digests.Of((await archive.ReadAsync(archive.Index, default)).Span));
    }

    [Theory]
    [InlineData("gzip", ".gz", CtrCompression.Gzip)]
    [InlineData("zstd", ".zst", CtrCompression.Zstd)]
    [InlineData("xz", ".xz", CtrCompression.Xz)]
    [InlineData("bzip2", ".bz2", CtrCompression.Bzip2)]
    public async Task A_compressed_archive_is_read_like_its_content(string program, string suffix, CtrCompression compression)
    {
        foreach (string image in new[] { "busybox", "busybox-docker", "attested" })
        {
            string plain = Path.Combine(_folder.FullName, image);
            File.Copy(await Archives.RealAsync(image), plain);
            await Tool.RunAsync(program, "-k", plain);
            string packed = plain + suffix;
            await using ArchiveReader expected = await ArchiveReader.OpenAsync(plain, default);
            await using ArchiveReader actual = await ArchiveReader.OpenAsync(packed, default);
            Assert.Equal((compression, false), (actual.Compression, actual.CanSeek));
            await SameAsync(expected, actual);
            ImageNode layer = (await ImageGraph.ReadAsync(actual, actual.Images[0].Target, default)).Manifests.First().Layers.First();
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await actual.OpenAsync(layer.Descriptor, 0, default));
        }
    }

    [Theory]
    [InlineData("busybox")]
    [InlineData("busybox-docker")]
    [InlineData("index")]
    public async Task A_folder_is_read_like_the_tar(string image)
    {
        string tar = await Archives.RealAsync(image);
        await TarFile.ExtractToDirectoryAsync(tar, _folder.FullName, overwriteFiles: false);
        await using ArchiveReader expected = await ArchiveReader.OpenAsync(tar, default);
        await using ArchiveReader actual = await ArchiveReader.OpenAsync(_folder.FullName, default);
        Assert.True(actual.CanSeek);
        await SameAsync(expected, actual);
    }

    [Theory]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.V7)]
    public async Task Every_format_of_tar_is_read_alike(TarEntryFormat format)
    {
        string tar = await Archives.RealAsync("index-full");
        await using ArchiveReader expected = await ArchiveReader.OpenAsync(tar, default);
        string written = Bundle.Read(tar).Write(Path.Combine(_folder.FullName, "a.tar"), format);
        await using ArchiveReader actual = await ArchiveReader.OpenAsync(written, default);
        await SameAsync(expected, actual);
    }

    [Fact]
    public async Task An_old_docker_save_has_an_image_for_each_tag_and_reads_linked_layers_once()
    {
        Bundle bundle = await Archives.OldDockerAsync();
        await using ArchiveReader archive = await ArchiveReader.OpenAsync(bundle.Write(Path.Combine(_folder.FullName, "old.tar")), default);
        Assert.Equal(CtrArchiveFormat.Docker, archive.Format);
        Assert.Equal(
            [
                ("docker.io/library/busybox:1.35", "busybox:1.35"),
                ("example.com:5000/team/box:1", "example.com:5000/team/box:1"),
                ("docker.io/library/second:2", "second:2"),
            ],
            archive.Images.Select(image => (image.ImageName!, image.ReferenceName!)));
        Assert.Equal(archive.Images[0].Target.Digest, archive.Images[1].Target.Digest);
        Assert.NotEqual(archive.Images[0].Target.Digest, archive.Images[2].Target.Digest);
        DockerImage docker = archive.Images[2].Docker!;
        Assert.Equal(docker.DiffIds, docker.Layers.Select(layer => layer.Digest));
        Assert.Equal(archive.Images[0].Docker!.Layers, docker.Layers);
        IEnumerable<Descriptor> blobs = archive.Images.SelectMany(image => image.Docker!.Layers.Append(image.Docker.Config).Append(image.Target));
        await ProveAsync(archive, [.. blobs.Select(blob => blob.Digest), archive.Index.Digest]);
    }

    [Fact]
    public async Task Links_and_doubles_are_followed_to_the_file()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        Bundle.Entry layer = bundle.Layer;
        bundle.Items.Remove(layer);
        bundle.Set("store/layer", layer.Content);
        bundle.Items.Add(new Bundle.Entry("store/link", TarEntryType.HardLink, "store/layer", []));
        bundle.Items.Add(new Bundle.Entry(layer.Name, TarEntryType.SymbolicLink, "../../store/link", []));
        bundle.Items.Add(bundle["index.json"]);
        await using ArchiveReader expected = await ArchiveReader.OpenAsync(await Archives.RealAsync("busybox"), default);
        await using ArchiveReader actual = await ArchiveReader.OpenAsync(bundle.Write(Path.Combine(_folder.FullName, "linked.tar")), default);
        await SameAsync(expected, actual);
    }

    [Fact]
    public async Task Several_streams_are_read_side_by_side()
    {
        await using ArchiveReader archive = await ArchiveReader.OpenAsync(await Archives.RealAsync("nginx"), default);
        ImageNode graph = await ImageGraph.ReadAsync(archive, archive.Images[0].Target, default);
        await Parallel.ForEachAsync(graph.Layers.Concat(graph.Layers), async (layer, token) =>
        {
            await using Stream content = await archive.OpenAsync(layer.Descriptor, 0, token);
            Assert.Equal(layer.Descriptor.Digest, "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(content, token)));
        });
    }

    /// <summary>Both list the same images, and the bytes of all blobs are right.</summary>
    private static async Task SameAsync(ArchiveReader expected, ArchiveReader actual)
    {
        Assert.Equal(expected.Format, actual.Format);
        Assert.Equal(expected.Index, actual.Index);
        Assert.Equal(expected.Images.Select(Describe), actual.Images.Select(Describe));
        var digests = new HashSet<string>();
        foreach (ArchiveImage image in expected.Images)
        {
            ImageNode one = await ImageGraph.ReadAsync(expected, image.Target, default);
            ImageNode other = await ImageGraph.ReadAsync(actual, image.Target, default);
            Assert.Equal(
                one.All.Select(node => (node.Descriptor.Digest, node.StoredSize)),
                other.All.Select(node => (node.Descriptor.Digest, node.StoredSize)));
            digests.UnionWith(one.All.Where(node => node.IsSound).Select(node => node.Descriptor.Digest));
        }

        Assert.True(digests.Count >= 3);
        await ProveAsync(actual, digests);
    }

    private static (string, string, long, string?, string?, int) Describe(ArchiveImage image) =>
        (image.Target.Digest, image.Target.MediaType, image.Target.Size, image.ImageName, image.ReferenceName, image.Docker?.Layers.Count ?? -1);

    /// <summary>Each digest comes once, with the bytes that hash to it.</summary>
    private static async Task ProveAsync(ArchiveReader archive, HashSet<string> digests)
    {
        var read = new List<string>();
        await foreach ((string digest, long size, Stream content) in archive.ReadBlobsAsync(digests, default))
        {
            using var bytes = new MemoryStream();
            await content.CopyToAsync(bytes);
            Assert.Equal(size, bytes.Length);
            Assert.Equal(digest, Digests.Of(bytes.ToArray()));
            Assert.Equal(size, await archive.FindAsync(digest, default));
            read.Add(digest);
        }

        Assert.Equal(digests.Order(), read.Order());
    }
}
