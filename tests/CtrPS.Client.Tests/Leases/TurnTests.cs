using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Leases;

public sealed class TurnTests(Daemons daemons)
{
    private const string Ns = "turns";
    private const string Work = "freeze-web";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task One_of_eight_is_at_the_work_at_a_time_and_none_leaves_a_lease(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        int inside = 0, most = 0, done = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var connection = await ContainerdConnection.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
            for (int round = 0; round < 20; round++)
            {
                await using Lease turn = await connection.Leases.TakeTurnAsync(Ns, Work, CancellationToken.None);
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await Task.Yield();
                _ = Interlocked.Increment(ref done);
                _ = Interlocked.Decrement(ref inside);
            }
        }));
        Assert.Equal((1, 160), (most, done));
        Assert.Empty((await rig.CtrAsync("-n", Ns, "leases", "ls", "-q")).Check().Output.Trim());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Who_is_gone_is_not_waited_for_and_who_may_be_there_is(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using var connection = await ContainerdConnection.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        string ns = Ns + "-left";
        Task LeaveAsync(string id, string host, string process, string work) => rig.CtrAsync(
            "-n", ns, "leases", "create", "--id", id, $"ctrps.io/host={host}", $"ctrps.io/process={process}", $"ctrps.io/turn={work}");

        await LeaveAsync("dead", ProcessOwner.Current.Host, "4194303@1", Work);
        await LeaveAsync("other-work", "another host", "1@1", Work + "-2");
        await (await connection.Leases.TakeTurnAsync(ns, Work, CancellationToken.None)).DisposeAsync();

        await LeaveAsync("elsewhere", "another host", "1@1", Work);
        async Task<string[]> ThereAsync() =>
            [.. (await rig.CtrAsync("-n", ns, "leases", "ls", "-q")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order()];

        using (var enough = new CancellationTokenSource())
        {
            Task<Lease> waiting = connection.Leases.TakeTurnAsync(ns, Work, enough.Token);
            while ((await ThereAsync()).Length < 3)
            {
                Assert.False(waiting.IsCompleted);
            }

            await enough.CancelAsync();
            _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        Assert.Equal(["elsewhere", "other-work"], await ThereAsync());
        using (var never = new CancellationTokenSource())
        {
            await never.CancelAsync();
            _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Leases.TakeTurnAsync(ns, Work, never.Token));
        }

        Assert.Equal(["elsewhere", "other-work"], await ThereAsync());
        Task<Lease> next = connection.Leases.TakeTurnAsync(ns, Work, CancellationToken.None);
        (await rig.CtrAsync("-n", ns, "leases", "rm", "elsewhere", "other-work")).Check();
        await (await next).DisposeAsync();
    }
}
