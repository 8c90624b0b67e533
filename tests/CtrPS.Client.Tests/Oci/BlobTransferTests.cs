using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

public sealed class BlobTransferTests
{
    private readonly MemoryBlobs _blobs = new();
    private readonly CtrTransferMeter _meter = new();

    [Fact]
    public async Task Children_come_before_their_parents_and_what_is_there_does_not_come_again()
    {
        Descriptor top = _blobs.AddIndex([_blobs.AddManifest("a"), _blobs.AddIndex([_blobs.AddManifest("b")])]);
        var sink = new MemorySink();
        IReadOnlyList<MovedBlob> moved = await PlanAsync(top);
        TransferTally tally = await new BlobTransfer(sink, "copied", 4, _meter).RunAsync(moved, CancellationToken.None);
        Assert.Equal((8, 0, 0), (tally.Written, tally.Linked, tally.Present));
        Assert.Equal(top.Digest, sink.Taken[^1]);
        Assert.Equal(_meter.TotalBytes, tally.Bytes);

        tally = await new BlobTransfer(sink, "copied", 4, _meter).RunAsync(moved, CancellationToken.None);
        Assert.Equal((0, 8), (tally.Written, tally.Present));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_blob_ends_it_and_is_named(bool sequential)
    {
        Descriptor top = _blobs.AddManifest("a");
        IReadOnlyList<MovedBlob> moved = await PlanAsync(top);
        string layer = moved.Single(blob => blob.Node.Kind == ImageNodeKind.Layer).Node.Descriptor.Digest;
        _blobs.Damage(layer);
        CtrException error = await Assert.ThrowsAsync<CtrException>(
            () => new BlobTransfer(new MemorySink(sequential), "copied", 4, _meter).RunAsync(moved, CancellationToken.None));
        Assert.Equal((CtrErrorIds.BlobCorrupt, layer), (error.ErrorId, error.Target));
        Assert.StartsWith(
            $"The image 'x' cannot be copied: the layer '{layer}' ({MediaTypes.OciLayer}, 1 bytes) for linux/amd64 ",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains("ash to sha256:", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.RecommendedAction);
    }

    [Fact]
    public async Task What_another_source_may_have_does_not_end_it()
    {
        IReadOnlyList<MovedBlob> moved = await PlanAsync(_blobs.AddManifest("a"));
        Descriptor layer = moved.Single(blob => blob.Node.Kind == ImageNodeKind.Layer).Node.Descriptor;
        _blobs.Damage(layer.Digest);
        TransferTally tally = await new BlobTransfer(new MemorySink(), "repaired", 4, _meter) { KeepGoing = true }
            .RunAsync([.. moved.Where(blob => !blob.Node.IsDocument)], CancellationToken.None);
        Assert.Equal((1, layer.Digest), (tally.Written, Assert.Single(tally.Failures).Key));
    }

    [Fact]
    public async Task A_missing_blob_is_worded_by_where_it_should_be()
    {
        Descriptor top = _blobs.AddManifest("a");
        ImageNode layer = (await PlanAsync(top)).Single(blob => blob.Node.Kind == ImageNodeKind.Layer).Node;
        _blobs.Remove(layer.Descriptor.Digest);
        ImageNode root = await ImageGraph.ReadAsync(_blobs, top, CancellationToken.None);
        var checker = new ImageChecker(_blobs, root, _ => true, onlyWanted: false, inflate: true);
        CtrBlobFault fault = Assert.Single(await checker.FindKnownAsync(CancellationToken.None)).Fault;
        Assert.Equal((CtrBlobStatus.Missing, layer.Descriptor.Digest, "linux/amd64"), (fault.Status, fault.Digest, fault.Platform?.ToString()));
        Assert.Contains("it is not in registry 'memory'", fault.Reason, StringComparison.Ordinal);
        Assert.Contains("Push the image again", fault.RecommendedAction, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<MovedBlob>> PlanAsync(Descriptor top)
    {
        ImageNode root = await ImageGraph.ReadAsync(_blobs, top, CancellationToken.None);
        var selection = ImageSelection.Of(root, SelectionRules.ToGive(CtrPlatformScope.All, []));
        return [.. selection.Nodes.Select(node => new MovedBlob(node, selection.ManifestOf(node), _blobs, "image 'x'"))];
    }
}
