using System.IO.Compression;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Images;

public sealed class ImageRepairerTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const string Nginx = "docker.io/library/nginx:deb";
    private const string Attested = "docker.io/library/attested:1";
    private const string IsolatedPolicy = """
        [plugins."io.containerd.metadata.v1.bolt"]
          content_sharing_policy = "isolated"
        """;

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Mends_what_is_missing_cut_changed_or_gone_in_all_namespaces(Generation generation) =>
        await MendAsync(await daemons.GetAsync(generation), "mend", false);

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Mends_where_namespaces_share_nothing(Generation generation)
    {
        await using ContainerdRig rig = await StartIsolatedAsync(generation);
        await MendAsync(rig, "mend", true);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Mends_manifest_and_index_without_losing_what_hangs_on_them(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "mend-index";
        _ = await RigImages.LoadAsync(rig, "attested", ns, unpack: true);
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, Attested);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        await connection.Garbage.CollectAsync(ns, CancellationToken.None); // ctr leaves what it does not label
        string[] labels = await StoreProbe.LabelsAsync(rig, ns);
        string before = await StoreProbe.LeftoversAsync(rig, ns);
        StoreProbe.Flip(rig, parts.Target);
        StoreProbe.Truncate(rig, parts.Manifest);
        StoreProbe.Flip(rig, parts.Config);

        CtrRepairResult result = await RepairAsync(connection, ns, Attested, CtrRepairOrigin.Archive(await RigImages.ArchiveAsync("attested")));
        Assert.Equal(CtrRepairStatus.Repaired, result.Status);
        Assert.Equal([parts.Target, parts.Manifest, parts.Config], result.Repaired.Select(fault => fault.Digest));
        Assert.Equal(labels, await StoreProbe.LabelsAsync(rig, ns));
        await connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, ns));
        Assert.Contains("complete (2/2)", await StoreProbe.CheckAsync(rig, ns, Attested), StringComparison.Ordinal);
        Assert.Equal(CtrImageState.Complete, (await StoreProbe.TestAsync(connection, await StoreProbe.ImageAsync(connection, ns, Attested))).Status);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Loses_nothing_when_the_source_is_bad(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "mend-bad";
        _ = await RigImages.LoadAsync(rig, "nginx", ns, unpack: false);
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, Nginx);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        string before = await StoreProbe.LeftoversAsync(rig, ns);
        string bad = Path.Combine(rig.Folder, "bad.tar");
        byte[] archive = await File.ReadAllBytesAsync(await RigImages.ArchiveAsync("nginx"));
        byte[] layer = await File.ReadAllBytesAsync(StoreProbe.BlobPath(rig, parts.Layers[0]));
        archive[archive.AsSpan().IndexOf(layer.AsSpan(0, 512)) + (layer.Length / 3)] ^= 1;
        await File.WriteAllBytesAsync(bad, archive);
        StoreProbe.Flip(rig, parts.Layers[0]);
        byte[] damaged = await File.ReadAllBytesAsync(StoreProbe.BlobPath(rig, parts.Layers[0]));
        try
        {
            CtrRepairResult result = await RepairAsync(
                connection, ns, Nginx, CtrRepairOrigin.Archive(bad), CtrRepairOrigin.Archive(await RigImages.ArchiveAsync("busybox")));
            CtrBlobFault failed = Assert.Single(result.Failed);
            Assert.Equal((CtrRepairStatus.Failed, 0), (result.Status, result.Repaired.Count));
            Assert.Equal(parts.Layers[0], failed.Digest);
            Assert.Contains("is not sound in archive", failed.Reason, StringComparison.Ordinal);
            Assert.Equal(damaged, await File.ReadAllBytesAsync(StoreProbe.BlobPath(rig, parts.Layers[0])));
            Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, ns, Nginx), StringComparison.Ordinal);
            Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, ns));
        }
        finally
        {
            await File.WriteAllBytesAsync(StoreProbe.BlobPath(rig, parts.Layers[0]), layer);
            File.Delete(bad);
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Takes_blobs_from_a_compressed_archive_another_daemon_and_another_namespace(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "mend-from";
        _ = await RigImages.LoadAsync(rig, "nginx", ns, unpack: false);
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, Nginx);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        string before = await StoreProbe.LeftoversAsync(rig, ns);

        string compressed = Path.Combine(rig.Folder, "nginx.tar.gz");
        await using (FileStream plain = File.OpenRead(await RigImages.ArchiveAsync("nginx")))
        await using (var gzip = new GZipStream(File.Create(compressed), CompressionLevel.Fastest))
        {
            await plain.CopyToAsync(gzip);
        }

        StoreProbe.Flip(rig, parts.Layers[1]);
        StoreProbe.Truncate(rig, parts.Layers[2]);
        CtrRepairResult result = await RepairAsync(connection, ns, Nginx, CtrRepairOrigin.Archive(compressed));
        Assert.Equal((CtrRepairStatus.Repaired, 2), (result.Status, result.Repaired.Count));
        Assert.Equal(
            new FileInfo(StoreProbe.BlobPath(rig, parts.Layers[1])).Length + new FileInfo(StoreProbe.BlobPath(rig, parts.Layers[2])).Length,
            result.BytesWritten);
        File.Delete(compressed);

        Generation other = Rig.Generations.All.First(one => one != generation);
        ContainerdRig otherRig = await daemons.GetAsync(other);
        _ = await RigImages.LoadAsync(otherRig, "nginx", "source", unpack: false);
        await using ICtrConnection source = await daemons.ConnectAsync(other);
        File.Delete(StoreProbe.BlobPath(rig, parts.Layers[0]));
        result = await RepairAsync(connection, ns, Nginx, CtrRepairOrigin.Daemon(source, "source"));
        Assert.Equal((CtrRepairStatus.Repaired, CtrBlobStatus.Unreadable), (result.Status, Assert.Single(result.Repaired).Status));

        // In the same daemon no bytes move: the record was all that was missing.
        _ = await RigImages.LoadAsync(rig, "nginx", "mend-holder", unpack: false);
        _ = (await rig.CtrAsync("-n", ns, "content", "rm", parts.Layers[0], parts.Config)).Check();
        result = await RepairAsync(connection, ns, Nginx, CtrRepairOrigin.Daemon(connection, "mend-holder"));
        Assert.Equal((CtrRepairStatus.Repaired, 2, 0L), (result.Status, result.Repaired.Count, result.BytesWritten));
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, ns, Nginx), StringComparison.Ordinal);
        Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, ns));

        CtrException itself = await Assert.ThrowsAsync<CtrException>(
            () => RepairAsync(connection, ns, Nginx, CtrRepairOrigin.Daemon(connection, ns)));
        Assert.Equal(CtrErrorIds.InvalidArgument, itself.ErrorId);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Brings_a_platform_and_the_labels_that_keep_it(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "mend-platform";
        const string index = "docker.io/library/index:full";
        string archive = await RigImages.ArchiveAsync("index-full");
        _ = (await rig.CtrAsync("-n", ns, "images", "import", "--no-unpack", archive)).Check();
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage image = await StoreProbe.ImageAsync(connection, ns, index);
        CtrImagePlatform arm = (await connection.Images.FindAsync(
            ns, index, CtrImageDetail.Full, CancellationToken.None))!.Platforms.Single(platform => platform.Architecture == "arm64");
        _ = await rig.CtrAsync("-n", ns, "content", "rm", arm.Digest); // there or not, as the generation imports
        await connection.Garbage.CollectAsync(ns, CancellationToken.None);
        CtrRepairOrigin from = CtrRepairOrigin.Archive(archive);
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, index);
        CtrRepairResult untouched = await RepairAsync(connection, ns, index, from);
        Assert.Equal((CtrRepairStatus.Sound, 0), (untouched.Status, untouched.RelabeledCount));

        _ = (await rig.CtrAsync("-n", ns, "content", "label", parts.Manifest, "containerd.io/gc.ref.content.l.0=")).Check();
        await using ICtrRepair repair = await connection.Care.OpenRepairAsync(
            new CtrRepairOptions { From = [from], Platforms = [CtrPlatform.Parse("linux/arm64"), CtrPlatform.Parse("linux/amd64")] },
            CancellationToken.None);
        CtrRepairResult result = await repair.RepairAsync(image, new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal(CtrRepairStatus.Repaired, result.Status);
        Assert.Contains(arm.Digest, result.Repaired.Select(fault => fault.Digest));
        Assert.InRange(result.RelabeledCount, 2, 3); // both manifests, and the index where it did not name the one for arm64
        await connection.Garbage.CollectAsync(ns, CancellationToken.None);
        var checks = new List<CtrImageCheck>();
        await foreach (CtrImageCheck check in connection.Care.TestAsync(
            [await StoreProbe.ImageAsync(connection, ns, index)],
            new CtrTestOptions { Deep = true, Platforms = [CtrPlatform.Parse("linux/amd64"), CtrPlatform.Parse("linux/arm64")] },
            new CtrTransferMeter(),
            CancellationToken.None))
        {
            checks.Add(check);
        }

        Assert.All(checks, check => Assert.Equal(CtrImageState.Complete, check.Status));
    }

    internal static Task<ContainerdRig> StartIsolatedAsync(Generation generation) =>
        ContainerdRig.StartAsync(generation, new RigOptions { ExtraConfiguration = IsolatedPolicy }).OrSkipAsync();

    private static async Task MendAsync(ContainerdRig rig, string ns, bool isolated)
    {
        string other = ns + "-other";
        string archive = await RigImages.ArchiveAsync("nginx");
        _ = await RigImages.LoadAsync(rig, "nginx", ns, unpack: true);
        _ = await RigImages.LoadAsync(rig, "nginx", other, unpack: false);
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, Nginx);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        await connection.Garbage.CollectAsync(ns, CancellationToken.None); // ctr leaves what it does not label
        string[][] labels = [await StoreProbe.LabelsAsync(rig, ns), await StoreProbe.LabelsAsync(rig, other)];
        string before = await StoreProbe.LeftoversAsync(rig, ns, other);
        StoreProbe.Flip(rig, parts.Layers[0]);
        StoreProbe.Truncate(rig, parts.Layers[1]);
        File.Delete(StoreProbe.BlobPath(rig, parts.Layers[2]));
        _ = (await rig.CtrAsync("-n", other, "content", "rm", parts.Config)).Check();

        CtrRepairResult result = await RepairAsync(connection, ns, Nginx, CtrRepairOrigin.Archive(archive));
        Assert.Equal(CtrRepairStatus.Repaired, result.Status);
        (string, CtrBlobStatus)[] faults =
        [
            (parts.Layers[0], CtrBlobStatus.Corrupt),
            (parts.Layers[1], CtrBlobStatus.Corrupt),
            (parts.Layers[2], CtrBlobStatus.Unreadable),
        ];
        Assert.Equal(
            faults.Order(),
            result.Repaired.Select(fault => (fault.Digest, fault.Status)).Order());
        Assert.Empty(result.Failed);
        long layers = parts.Layers.Sum(digest => new FileInfo(StoreProbe.BlobPath(rig, digest)).Length);
        Assert.Equal(isolated ? 2 * layers : layers, result.BytesWritten);

        // The layers are mended there too; the config's record is its own affair.
        CtrRepairResult second = await RepairAsync(connection, other, Nginx, CtrRepairOrigin.Archive(archive));
        Assert.Equal((parts.Config, CtrBlobStatus.Missing), (Assert.Single(second.Repaired).Digest, second.Repaired[0].Status));
        Assert.Equal(isolated ? new FileInfo(StoreProbe.BlobPath(rig, parts.Config)).Length : 0, second.BytesWritten);

        await connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.All(new[] { parts.Manifest, parts.Config }.Concat(parts.Layers), digest => Assert.True(StoreProbe.IsSound(rig, digest), digest));
        foreach (string one in new[] { ns, other })
        {
            Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, one, Nginx), StringComparison.Ordinal);
            CtrImageCheck check = await StoreProbe.TestAsync(connection, await StoreProbe.ImageAsync(connection, one, Nginx));
            Assert.Equal((CtrImageState.Complete, 0, one == ns), (check.Status, check.Faults.Count, check.Unpacked));
        }

        Assert.Equal(
            string.Join("\n", labels.SelectMany(one => one)),
            string.Join("\n", (await StoreProbe.LabelsAsync(rig, ns)).Concat(await StoreProbe.LabelsAsync(rig, other))));
        Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, ns, other));
        Assert.Equal(CtrRepairStatus.Sound, (await RepairAsync(connection, ns, Nginx, CtrRepairOrigin.Archive(archive))).Status);
    }

    private static async Task<CtrRepairResult> RepairAsync(ICtrConnection connection, string ns, string image, params CtrRepairOrigin[] from)
    {
        await using ICtrRepair repair = await connection.Care.OpenRepairAsync(new CtrRepairOptions { From = from }, CancellationToken.None);
        return await repair.RepairAsync(await StoreProbe.ImageAsync(connection, ns, image), new CtrTransferMeter(), CancellationToken.None);
    }
}
