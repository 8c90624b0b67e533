using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Client.Tests.Images;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>The daemon fails during a pull: it is told why, nothing half counts as whole, and the next call goes on.</summary>
public sealed class ReceiveTroubleTests(RegistryHostTests.Parts parts) : IClassFixture<RegistryHostTests.Parts>
{
    private const string Blobs = "/blobs/";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_full_disk_is_told_and_with_room_the_next_call_brings_the_rest(Generation generation)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can mount a small disk");
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        string name = await parts.Registry.PushAsync("nginx");
        string store = Path.Combine(rig.Root, "io.containerd.content.v1.content");
        _ = Directory.CreateDirectory(store); // 1.7 and later make it with the first blob
        _ = await Archives.Tool.RunAsync("mount", "-t", "tmpfs", "-o", "size=12m", "ctrps-test", store);
        try
        {
            _ = Directory.CreateDirectory(Path.Combine(store, "ingest"));
            _ = Directory.CreateDirectory(Path.Combine(store, "blobs", "sha256"));
            CtrException e = await Assert.ThrowsAsync<CtrException>(() => ReceiveAsync(connection, name));
            Assert.Contains("no space left on device", e.Message, StringComparison.Ordinal);
            Assert.Contains($"containerd at '{rig.Address}'", e.Message, StringComparison.Ordinal);
            Assert.Null(await connection.Images.FindAsync("trouble", name, CtrImageDetail.None, CancellationToken.None));
            string[] there = [.. Directory.EnumerateFiles(Path.Combine(store, "blobs", "sha256")).Select(file => "sha256:" + Path.GetFileName(file))];
            Assert.All(there, digest => Assert.True(StoreProbe.IsSound(rig, digest), digest));
            Assert.Single((await StoreProbe.LeftoversAsync(rig, "trouble")).Split('\n'), line => line.Contains(" leases ", StringComparison.Ordinal));

            _ = await Archives.Tool.RunAsync("mount", "-o", "remount,size=1g", store);
            CtrReceivedImage received = await ReceiveAsync(connection, name);
            Assert.True(received.BlobsPresent >= there.Length, $"{received.BlobsPresent} of {there.Length}");
            Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, "trouble", name), StringComparison.Ordinal);
            await connection.Garbage.CollectAsync("trouble", CancellationToken.None);
            Assert.Equal("", await ImageReceiverTests.LeftAsync(rig, "trouble"));
        }
        finally
        {
            await rig.StopAsync();
            _ = await Archives.Tool.RunAsync("umount", store);
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_daemon_that_is_killed_and_started_again_goes_on_where_it_was(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("nginx");
        faulty.Add(new RegistryFault { Method = "GET", Path = Blobs, BytesPerSecond = 5_000_000 });
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        Task<CtrReceivedImage> pull = ReceiveAsync(connection, name);
        while (faulty.Requests.Count(request => request.Sent >= 4_000_000) < 2)
        {
            Assert.False(pull.IsCompleted);
            await Task.Delay(20, limit.Token);
        }

        await rig.KillAsync();
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => pull.WaitAsync(limit.Token));
        Assert.True(e.IsConnectionFault, e.ToString());
        Assert.Contains(rig.Address, e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.RecommendedAction);

        await rig.StartAgainAsync(limit.Token);
        faulty.ClearFaults();
        CtrReceivedImage received = await ReceiveAsync(connection, name);
        Assert.True(received.BytesResumed > 1_000_000, $"{received.BytesResumed}");
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, "trouble", name), StringComparison.Ordinal);
        await connection.Garbage.CollectAsync("trouble", CancellationToken.None);
        Assert.Equal("", await ImageReceiverTests.LeftAsync(rig, "trouble"));
    }

    private static async Task<CtrReceivedImage> ReceiveAsync(ICtrConnection connection, string name)
    {
        using var registries = new RegistryClient(new CtrRegistryOptions { HostsFolders = [] }, new ImageReceiverTests.NobodyKnown());
        ICtrReceivePlan plan = await connection.Receiver.PlanAsync(
            new CtrReceiveRequest { Reference = CtrImageReference.Parse(name), Namespace = "trouble" }, registries, CancellationToken.None);
        return await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
    }
}
