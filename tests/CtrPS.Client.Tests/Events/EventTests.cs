using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Events;

public sealed class EventTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    [Fact]
    public async Task Who_does_not_read_is_told_how_many_events_were_dropped_and_where()
    {
        ContainerdRig rig = await daemons.GetAsync(Generation.V16);
        await using ICtrConnection connection = await daemons.ConnectAsync(Generation.V16);
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool Match(CtrEvent told)
        {
            if (told.Topic == "/namespaces/delete")
            {
                _ = taken.TrySetResult();
            }

            return told.Subject!.StartsWith("slow", StringComparison.Ordinal);
        }

        await using ICtrSubscription subscription = await connection.Events.SubscribeAsync(
            new CtrEventQuery { Namespace = "default", Filters = ["topic~=\"^/namespaces/\""], Match = Match, Capacity = 3 }, CancellationToken.None);
        var none = new Dictionary<string, string>();
        string[] names = [.. Enumerable.Range(0, 5).Select(i => $"slow{i}")];
        foreach (string name in names)
        {
            _ = await connection.Namespaces.CreateAsync(name, none, CancellationToken.None);
        }

        // When the last event is taken in, so are those before it: five were made, three fit.
        await connection.Namespaces.DeleteAsync(names[0], CancellationToken.None);
        await taken.Task;
        await using IAsyncEnumerator<CtrEvent> slow = subscription.ReadAsync(CancellationToken.None).GetAsyncEnumerator();
        var read = new List<CtrEvent>();
        while (read.Count < 4 && await slow.MoveNextAsync())
        {
            read.Add(slow.Current);
        }

        Assert.Equal(["slow0", "slow1", "slow2"], read.Take(3).Select(told => told.Subject));
        Assert.Equal(CtrEventKind.Gap, read[3].Kind);
        Assert.Matches("^[23] events were dropped", read[3].Reason);
        Assert.True(read[3].From <= read[3].To);

        // With room again, it goes on.
        _ = await connection.Namespaces.CreateAsync("slow5", none, CancellationToken.None);
        do
        {
            Assert.True(await slow.MoveNextAsync());
        }
        while (slow.Current.Topic == "/namespaces/delete");

        Assert.Equal("slow5", slow.Current.Subject);
        foreach (string name in names.Skip(1).Append("slow5"))
        {
            _ = (await rig.CtrAsync("namespaces", "rm", name)).Check();
        }
    }

    [Theory]
    [MemberData(nameof(Daemons.Generations), MemberType = typeof(Daemons))]
    public async Task A_subscription_is_live_when_it_is_given(Generation generation)
    {
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        for (int i = 0; i < 20; i++)
        {
            await using ICtrSubscription subscription = await connection.Events.SubscribeAsync(new CtrEventQuery { Namespace = "default" }, CancellationToken.None);
            string name = $"live-{i}";
            _ = await connection.Namespaces.CreateAsync(name, new Dictionary<string, string>(), CancellationToken.None);
            await connection.Namespaces.DeleteAsync(name, CancellationToken.None);
            var told = new List<CtrEvent>();
            await foreach (CtrEvent one in subscription.ReadAsync(CancellationToken.None))
            {
                told.Add(one);
                if (told.Count == 2)
                {
                    break;
                }
            }

            Assert.Equal([("/namespaces/create", name), ("/namespaces/delete", name)], told.Select(one => (one.Topic, one.Subject)));
        }
    }

    [Fact]
    public async Task A_session_that_is_closed_ends_the_events_with_an_error()
    {
        ICtrConnection connection = await daemons.ConnectAsync(Generation.V16);
        await using ICtrSubscription subscription = await connection.Events.SubscribeAsync(new CtrEventQuery { Namespace = "default" }, CancellationToken.None);
        await using IAsyncEnumerator<CtrEvent> reader = subscription.ReadAsync(CancellationToken.None).GetAsyncEnumerator();
        ValueTask<bool> next = reader.MoveNextAsync();
        await connection.DisposeAsync();
        Assert.Equal(CtrErrorIds.SessionClosed, (await Assert.ThrowsAsync<CtrException>(async () => await next)).ErrorId);
    }
}
