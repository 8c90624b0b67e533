using CtrPS.Client.Connection;
using CtrPS.Client.Storage;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Storage;

/// <summary>Packed layers that are discarded: what may happen between the look and the work.</summary>
public sealed class LayerClearanceTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const string Namespace = "layers";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Nothing_goes_where_the_snapshot_went_or_the_image_since_it_was_looked_at(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        _ = await RigImages.LoadAsync(rig, "busybox", Namespace, unpack: true);
        CtrImage image = Assert.IsType<CtrImage>(
            await connection.Images.FindAsync(Namespace, "docker.io/library/busybox:1.35", CtrImageDetail.None, default));
        ILayerClearance clearance = await connection.LayerClearer.OpenAsync(Namespace, default);
        CtrLayerPlan plan = await clearance.PlanAsync(image, default);
        Assert.True(plan.IsUnpacked);
        string layer = Assert.Single(plan.Layers);
        clearance.Agree(plan);
        Assert.Empty((await clearance.PlanAsync(image, default)).Labels);
        Assert.Equal(layer, Assert.Single(clearance.Predict()).Name);

        NamespaceRecords records = Assert.Single(await connection.Reader.ReadAsync(default), one => one.Name == Namespace);
        (string snapshotter, string key) = Assert.Single(records.Snapshots.Keys);
        _ = (await rig.CtrAsync("-n", Namespace, "snapshots", "--snapshotter", snapshotter, "rm", key)).Check();
        CtrException error = await Assert.ThrowsAsync<CtrException>(() => clearance.RunAsync(default));
        Assert.Equal(CtrErrorIds.FailedPrecondition, error.ErrorId);
        Assert.NotNull(await connection.ContentRecords.FindAsync(Namespace, layer, default));

        await connection.Images.DeleteAsync(Namespace, image.Name, null, default);
        await connection.Garbage.CollectAsync(Namespace, default);
        Assert.Equal(layer, Assert.Single(await clearance.RunAsync(default)).Name);
        Assert.Empty(await connection.Leases.ListAsync(Namespace, default));
    }
}
