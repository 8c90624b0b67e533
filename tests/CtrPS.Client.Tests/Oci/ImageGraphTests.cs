using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

public sealed class ImageGraphTests
{
    private readonly MemoryBlobs _blobs = new();

    [Fact]
    public async Task What_is_listed_often_is_read_once_and_walked_once()
    {
        Descriptor top = _blobs.AddManifest("a");
        for (int i = 0; i < 7; i++)
        {
            top = _blobs.AddIndex(Enumerable.Repeat(top, 10));
        }

        ImageNode root = await ImageGraph.ReadAsync(_blobs, top, CancellationToken.None);
        Assert.Equal(8 + 1, _blobs.Reads); // the documents, and the config for its platform
        Assert.Equal(8 + 2, root.All.Count());
        Assert.Equal("linux/amd64", Assert.Single(root.Manifests).Platform?.ToString());
        Assert.True(root.IsWhole);
        Assert.NotNull(ImageSummary.SizeOf(root, PlatformMatcher.Exactly(CtrPlatform.Parse("linux/amd64"))));
        Assert.Equal(8 + 2, ImageSelection.Of(root, SelectionRules.ToGive(CtrPlatformScope.Available, [])).Nodes.Count);
    }

    [Fact]
    public async Task A_wide_image_is_walked_once()
    {
        Descriptor top = _blobs.AddIndex(Enumerable.Repeat(_blobs.AddManifest("a", times: 22_000), 22_000));
        ImageNode root = await ImageGraph.ReadAsync(_blobs, top, CancellationToken.None);
        Assert.Equal(22_000, root.Children.Count);
        Assert.Equal(4, root.All.Count());
        Assert.Equal(22_001, root.Manifests.Single().Children.Count);
        var checker = new ImageChecker(_blobs, root, _ => true, onlyWanted: false, inflate: false);
        Assert.Empty(await checker.FindKnownAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(false, CtrErrorIds.ImageTooLarge)]
    [InlineData(true, CtrErrorIds.ArchiveLimit)]
    public async Task What_is_too_deep_is_refused(bool inArchive, string id)
    {
        var blobs = new MemoryBlobs(inArchive ? BlobPlace.Archive : BlobPlace.Registry);
        Descriptor top = blobs.AddManifest("a");
        for (int i = 0; i < ImageGraph.MaxDepth - 1; i++)
        {
            top = blobs.AddIndex([top]);
        }

        var graph = new ImageGraph(blobs, CancellationToken.None);
        Assert.True((await graph.ReadAsync(top)).IsWhole);

        // What is below was read on a shorter way; on this one it is too deep.
        Descriptor deeper = blobs.AddIndex([top]);
        CtrException error = await Assert.ThrowsAsync<CtrException>(async () => await graph.ReadAsync(deeper));
        Assert.Equal((id, deeper.Digest), (error.ErrorId, error.Target));
        error = await Assert.ThrowsAsync<CtrException>(() => ImageGraph.ReadAsync(blobs, deeper, CancellationToken.None));
        Assert.Contains("more than 8 deep", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lists_too_much_is_refused()
    {
        Descriptor manifest = _blobs.AddManifest("a");
        Descriptor[] wide = [.. Enumerable.Range(0, 6).Select(i =>
            _blobs.AddIndex(Enumerable.Repeat(manifest, 18_000).Append(_blobs.AddManifest($"{i}"))))];
        CtrException error = await Assert.ThrowsAsync<CtrException>(
            () => ImageGraph.ReadAsync(_blobs, _blobs.AddIndex(wide), CancellationToken.None));
        Assert.Equal(CtrErrorIds.ImageTooLarge, error.ErrorId);
        Assert.Contains("more than 100000 blobs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_beyond_all_measure_and_a_key_that_comes_twice_are_read_with_care()
    {
        var of = new Descriptor { MediaType = MediaTypes.OciIndex, Digest = "sha256:x", Size = 1 };
        const string Huge = """{"manifests":[{"digest":"sha256:x","size":9223372036854775807}]}""";
        Assert.Equal(
            CtrErrorIds.BlobCorrupt, Assert.Throws<CtrException>(() => ManifestDocument.Parse(System.Text.Encoding.UTF8.GetBytes(Huge), of)).ErrorId);
        const string Twice = """{"manifests":[{"digest":"sha256:x","size":1,"annotations":{"a":"1","a":"2"}}]}""";
        Assert.Equal("2", ManifestDocument.Parse(System.Text.Encoding.UTF8.GetBytes(Twice), of).Children[0].Annotations["a"]);
    }
}
