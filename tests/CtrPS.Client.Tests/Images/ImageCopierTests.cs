using System.Net;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Images;

public sealed class ImageCopierTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const string Nginx = "docker.io/library/nginx:deb";
    private const string Partial = "docker.io/library/index:partial";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Moves_no_bytes_between_namespaces_that_share(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "copy", to = "copy-to";
        _ = await RigImages.LoadAsync(rig, "nginx", ns, unpack: false);
        _ = (await rig.CtrAsync("-n", ns, "images", "label", Nginx, "team=web")).Check();
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage image = await StoreProbe.ImageAsync(connection, ns, Nginx);
        await connection.Garbage.CollectAsync(ns, CancellationToken.None); // ctr leaves what it does not label
        string before = await StoreProbe.LeftoversAsync(rig, ns);
        long size = StoreProbe.ContentSize(rig);
        CtrCopyOutcome outcome = await connection.Care.CopyAsync(
            image, new CtrCopyOptions { Destination = connection, Namespace = to }, new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal((0, 5, 0, 0L), (outcome.BlobsWritten, outcome.BlobsLinked, outcome.BlobsPresent, outcome.BytesWritten));
        Assert.Equal(size, StoreProbe.ContentSize(rig));
        await connection.Garbage.CollectAsync(to, CancellationToken.None);
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, to, Nginx), StringComparison.Ordinal);
        Assert.Equal("web", (await StoreProbe.ImageAsync(connection, to, Nginx)).Labels["team"]);
        Assert.Equal("", await StoreProbe.LeftoversAsync(rig, to));
        Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, ns));
        Assert.Equal(GarbageLabels(await StoreProbe.LabelsAsync(rig, ns)), GarbageLabels(await StoreProbe.LabelsAsync(rig, to)));

        CtrCopyOutcome again = await connection.Care.CopyAsync(
            image, new CtrCopyOptions { Destination = connection, Namespace = to, Unpack = true }, new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal((0, 0, 5), (again.BlobsWritten, again.BlobsLinked, again.BlobsPresent));
        await connection.Garbage.CollectAsync(to, CancellationToken.None);
        Assert.True((await StoreProbe.TestAsync(connection, await StoreProbe.ImageAsync(connection, to, Nginx))).Unpacked);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Brings_bytes_where_namespaces_share_nothing(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        _ = await RigImages.LoadAsync(rig, "nginx", "copy", unpack: false);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        CtrImage image = await StoreProbe.ImageAsync(connection, "copy", Nginx);
        var meter = new CtrTransferMeter();
        CtrCopyOutcome outcome = await connection.Care.CopyAsync(
            image,
            new CtrCopyOptions { Destination = connection, Namespace = "copy-to", Name = "docker.io/library/renamed:1" },
            meter,
            CancellationToken.None);
        Assert.Equal((5, 0, 0), (outcome.BlobsWritten, outcome.BlobsLinked, outcome.BlobsPresent));
        Assert.Equal((meter.TotalBytes, meter.TotalBytes), (meter.DoneBytes, outcome.BytesWritten));
        await connection.Garbage.CollectAsync("copy-to", CancellationToken.None);
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, "copy-to", "docker.io/library/renamed:1"), StringComparison.Ordinal);
        Assert.Equal("", await StoreProbe.LeftoversAsync(rig, "copy", "copy-to"));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Refuses_what_cannot_be_before_a_byte_moves(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "copy-no", to = "copy-no-to";
        _ = await RigImages.LoadAsync(rig, "index", ns, unpack: false);
        _ = await RigImages.LoadAsync(rig, "arm", ns, unpack: false);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        await using ICtrConnection second = await daemons.ConnectAsync(generation);
        CtrImage image = await StoreProbe.ImageAsync(connection, ns, Partial);
        var options = new CtrCopyOptions { Destination = connection, Namespace = to };

        Assert.Equal(CtrErrorIds.InvalidArgument, await FaultAsync(options with { Namespace = ns }));
        Assert.Equal(CtrErrorIds.InvalidArgument, await FaultAsync(options with { Namespace = ns, Destination = second }));
        Assert.Equal(CtrErrorIds.BlobMissing, await FaultAsync(options with { Scope = CtrPlatformScope.All }));
        Assert.Equal(
            CtrErrorIds.BlobMissing,
            await FaultAsync(options with { Scope = CtrPlatformScope.Listed, Platforms = [CtrPlatform.Parse("linux/arm64")] }));
        Assert.Equal(
            CtrErrorIds.PlatformNotFound,
            await FaultAsync(options with { Scope = CtrPlatformScope.Listed, Platforms = [CtrPlatform.Parse("linux/s390x")] }));
        Assert.Equal(CtrErrorIds.ImageExists, await FaultAsync(options with { Namespace = ns, Name = "docker.io/library/arm:v7" }));
        Assert.Equal("", await StoreProbe.LeftoversAsync(rig, ns, to));

        CtrCopyOutcome outcome = await connection.Care.CopyAsync(image, options, new CtrTransferMeter(), CancellationToken.None);
        Assert.Contains("linux/arm64 is left out", Assert.Single(outcome.Notes), StringComparison.Ordinal);
        Assert.Contains("complete (2/2)", await StoreProbe.CheckAsync(rig, to, Partial), StringComparison.Ordinal);
        _ = await connection.Care.CopyAsync(
            image,
            options with { Namespace = ns, Name = "docker.io/library/arm:v7", Replace = true },
            new CtrTransferMeter(),
            CancellationToken.None);
        Assert.Equal(image.Digest, (await StoreProbe.ImageAsync(connection, ns, "docker.io/library/arm:v7")).Digest);

        async Task<string> FaultAsync(CtrCopyOptions wanted) =>
            (await Assert.ThrowsAsync<CtrException>(
                () => connection.Care.CopyAsync(image, wanted, new CtrTransferMeter(), CancellationToken.None))).ErrorId;
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Goes_on_after_a_broken_link_to_another_daemon(Generation generation)
    {
        Generation other = Rig.Generations.All.First(one => one != generation);
        ContainerdRig rig = await daemons.GetAsync(generation);
        ContainerdRig from = await daemons.GetAsync(other);
        const string ns = "copy-link";
        string to = $"copy-from-{(int)other}";
        _ = await RigImages.LoadAsync(from, "nginx", ns, unpack: false);
        await EmptyAsync(rig);
        await using ICtrConnection source = await daemons.ConnectAsync(other);
        await using ICtrConnection direct = await daemons.ConnectAsync(generation);
        CtrImage image = await StoreProbe.ImageAsync(source, ns, Nginx);
        ImageParts parts = await StoreProbe.PartsAsync(from, ns, Nginx);
        long size = new[] { parts.Manifest, parts.Config }.Concat(parts.Layers).Sum(digest => new FileInfo(StoreProbe.BlobPath(from, digest)).Length);

        var cut = new CountedLink(size * 6 / 10);
        await using (var proxy = new SocketProxy(rig.Address, (stream, _) => Task.FromResult<Stream>(cut.Wrap(stream))))
        await using (ICtrConnection far = await Connector.OpenAsync(
            CtrEndpoint.Parse($"tcp://{IPAddress.Loopback}:{proxy.Port}"), CancellationToken.None))
        {
            CtrException broken = await Assert.ThrowsAsync<CtrException>(
                () => source.Care.CopyAsync(
                    image,
                    new CtrCopyOptions { Destination = far, Namespace = to, Concurrency = 1 },
                    new CtrTransferMeter(),
                    CancellationToken.None));
            Assert.True(broken.IsConnectionFault, broken.ToString());
        }

        Assert.Null(await direct.Images.FindAsync(to, Nginx, CtrImageDetail.None, CancellationToken.None));
        Assert.Contains("leases ctrps-", await StoreProbe.LeftoversAsync(rig, to), StringComparison.Ordinal);

        // Neither a collection nor other work of ours takes what is there.
        await direct.Garbage.CollectAsync(to, CancellationToken.None);
        var link = new CountedLink(long.MaxValue);
        await using (var proxy = new SocketProxy(rig.Address, (stream, _) => Task.FromResult<Stream>(link.Wrap(stream))))
        await using (ICtrConnection far = await Connector.OpenAsync(
            CtrEndpoint.Parse($"tcp://{IPAddress.Loopback}:{proxy.Port}"), CancellationToken.None))
        {
            CtrCopyOutcome outcome = await source.Care.CopyAsync(
                image, new CtrCopyOptions { Destination = far, Namespace = to }, new CtrTransferMeter(), CancellationToken.None);
            Assert.Equal(5, outcome.BlobsWritten + outcome.BlobsPresent);
        }

        Assert.True(link.Carried < size * 55 / 100, $"{link.Carried} of {size} bytes went over the link again");
        await direct.Garbage.CollectAsync(to, CancellationToken.None);
        Assert.Equal("", await StoreProbe.LeftoversAsync(rig, to));
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, to, Nginx), StringComparison.Ordinal);
        Assert.Equal(CtrImageState.Complete, (await StoreProbe.TestAsync(direct, await StoreProbe.ImageAsync(direct, to, Nginx))).Status);
    }

    /// <summary>Removes the image from all namespaces, so that nothing of it is in the daemon.</summary>
    private static async Task EmptyAsync(ContainerdRig rig)
    {
        foreach (string ns in (await rig.CtrAsync("namespaces", "ls", "-q")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] images = (await rig.CtrAsync("-n", ns, "images", "ls", "-q")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (images.Length > 0)
            {
                _ = (await rig.CtrAsync(["-n", ns, "images", "rm", "--sync", .. images], CancellationToken.None)).Check();
            }
        }
    }

    private static IEnumerable<string> GarbageLabels(string[] blobs) =>
        blobs.Select(
            blob => string.Join(
                ',', blob.Split(' ', ',').Where((word, i) => i == 0 || word.StartsWith("containerd.io/gc.ref", StringComparison.Ordinal))));

    /// <summary>Counts what goes to the daemon, and breaks when it is too much.</summary>
    private sealed class CountedLink(long limit)
    {
        private long _carried;

        public long Carried => Interlocked.Read(ref _carried);

        public Stream Wrap(Stream stream) => new Counted(stream, this);

        private void Count(int bytes)
        {
            if (Interlocked.Add(ref _carried, bytes) > limit)
            {
                throw new IOException("the link is cut");
            }
        }

        private sealed class Counted(Stream inner, CountedLink link) : Stream
        {
            public override bool CanRead => true;

            public override bool CanSeek => false;

            public override bool CanWrite => true;

            public override long Length => throw new NotSupportedException();

            public override long Position
            {
                get => throw new NotSupportedException();
                set => throw new NotSupportedException();
            }

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                int read = await inner.ReadAsync(buffer, cancellationToken);
                link.Count(read);
                return read;
            }

            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
                inner.WriteAsync(buffer, cancellationToken);

            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

            public override void Flush()
            {
            }

            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

            public override void SetLength(long value) => throw new NotSupportedException();

            protected override void Dispose(bool disposing)
            {
                inner.Dispose();
                base.Dispose(disposing);
            }
        }
    }
}
