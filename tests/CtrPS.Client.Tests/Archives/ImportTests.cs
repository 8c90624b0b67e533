using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Archives;

public sealed class ImportTests(Daemons daemons)
{
    private const string Busybox = "docker.io/library/busybox:1.35";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_is_there_as_it_is_wanted_is_left_alone(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "import-again";
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImportRequest request = await RequestAsync(rig, ns, "busybox");
        CtrImportOutcome first = await ImportAsync(connection, request);
        CtrImage image = Assert.Single(first.Images);
        CtrImportOutcome again = await ImportAsync(connection, request);
        Assert.Equal(0, again.BlobsWritten);
        Assert.Equal((image.UpdatedAt, image.Size), (again.Images[0].UpdatedAt, again.Images[0].Size));

        // A label more is wanted: then the record is written.
        again = await ImportAsync(connection, request with { Labels = new Dictionary<string, string> { ["team"] = "web" } });
        Assert.Equal("web", again.Images[0].Labels["team"]);
        Assert.True(again.Images[0].UpdatedAt > image.UpdatedAt);

        // A label less on the manifest: without it the collector would take the layers.
        _ = (await rig.CtrAsync("-n", ns, "content", "label", image.Digest, "containerd.io/gc.ref.content.l.0=")).Check();
        _ = await ImportAsync(connection, request);
        string labels = (await rig.CtrAsync("-n", ns, "content", "ls")).Check().Output;
        Assert.Contains("containerd.io/gc.ref.content.l.0=", labels, StringComparison.Ordinal);
        Assert.DoesNotContain("ctrps-", (await rig.CtrAsync("-n", ns, "leases", "ls", "-q")).Check().Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Several_at_once_unpack_the_same_layers(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "import-race";
        CtrImportRequest request = await RequestAsync(rig, ns, "busybox");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using ICtrConnection connection = await daemons.ConnectAsync(generation);
            Assert.Equal(Busybox, Assert.Single((await ImportAsync(connection, request)).Images).Name);
        }));
    }

    private static async Task<CtrImportRequest> RequestAsync(ContainerdRig rig, string ns, string image) =>
        new() { Path = await RigImages.ArchiveAsync(image), Namespace = ns, Snapshotter = rig.Snapshotter };

    private static async Task<CtrImportOutcome> ImportAsync(ICtrConnection connection, CtrImportRequest request)
    {
        await using ICtrImportPlan plan = await connection.Importer.PlanAsync(request, CancellationToken.None);
        Assert.Empty(plan.Faults);
        return await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
    }
}
