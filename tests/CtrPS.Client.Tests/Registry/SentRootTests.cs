using System.Text;
using CtrPS.Client.Oci;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Oci;

namespace CtrPS.Client.Tests.Registry;

public sealed class SentRootTests
{
    private readonly MemoryBlobs _blobs = new();

    [Fact]
    public async Task A_smaller_index_keeps_what_it_does_not_know()
    {
        Descriptor index = await IndexOfAsync(""", "x": [1]""");
        (ImageNode top, IBlobSource from) = await OfAsync(index);
        Assert.NotEqual(index.Digest, top.Descriptor.Digest);
        Assert.Equal(2, top.Children.Count);
        string json = Encoding.UTF8.GetString((await from.ReadAsync(top.Descriptor, CancellationToken.None)).Span);
        Assert.Contains("\"x\":[1]", json, StringComparison.Ordinal);
        Assert.Equal(2, ManifestDocument.Parse(Encoding.UTF8.GetBytes(json), top.Descriptor).Children.Count);
    }

    [Fact]
    public async Task No_index_is_made_of_one_in_which_a_key_comes_twice()
    {
        Descriptor index = await IndexOfAsync(""", "x": 1, "x": 2""");
        CtrException error = await Assert.ThrowsAsync<CtrException>(() => OfAsync(index));
        Assert.Equal(CtrErrorIds.BlobCorrupt, error.ErrorId);
        Assert.Contains(index.Digest, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.RecommendedAction);
    }

    /// <summary>An index of three manifests, one of which is not there, with something more behind them.</summary>
    private async Task<Descriptor> IndexOfAsync(string more)
    {
        Descriptor missing = _blobs.AddManifest("c");
        _blobs.Remove(missing.Digest);
        string whole = Encoding.UTF8.GetString(
            (await _blobs.ReadAsync(_blobs.AddIndex([_blobs.AddManifest("a"), _blobs.AddManifest("b"), missing]), CancellationToken.None)).Span);
        return _blobs.Add(MediaTypes.OciIndex, whole[..^1] + more + "}");
    }

    private async Task<(ImageNode Top, IBlobSource From)> OfAsync(Descriptor index)
    {
        ImageNode root = await ImageGraph.ReadAsync(_blobs, index, CancellationToken.None);
        var selection = ImageSelection.Of(root, SelectionRules.ToGive(CtrPlatformScope.Available, []));
        return await SentRoot.OfAsync(_blobs, selection, CtrPlatformScope.Available, CancellationToken.None);
    }
}
