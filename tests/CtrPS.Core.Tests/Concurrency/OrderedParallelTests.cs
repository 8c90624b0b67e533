namespace CtrPS.Core.Tests;

public sealed class OrderedParallelTests
{
    [Fact]
    public async Task Results_come_in_order_however_long_each_takes()
    {
        var results = new List<int>();
        await foreach (int result in OrderedParallel.SelectAsync(
            Enumerable.Range(0, 50), 8, async (n, token) => { await Task.Delay(n % 7, token); return n; }, CancellationToken.None))
        {
            results.Add(result);
        }

        Assert.Equal(Enumerable.Range(0, 50), results);
    }

    [Fact]
    public async Task No_more_than_the_width_runs_at_once()
    {
        int running = 0;
        int most = 0;
        await foreach (int result in OrderedParallel.SelectAsync(
            Enumerable.Range(0, 40),
            4,
            async (n, token) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await Task.Delay(1, token);
                _ = Interlocked.Decrement(ref running);
                return n;
            },
            CancellationToken.None))
        {
            Assert.InRange(result, 0, 39);
        }

        Assert.InRange(most, 2, 4);
    }

    [Fact]
    public async Task Leaving_early_cancels_the_rest_and_waits_for_it()
    {
        int started = 0;
        int ended = 0;
        await foreach (int _ in OrderedParallel.SelectAsync(
            Enumerable.Range(0, 1000),
            4,
            async (n, token) =>
            {
                _ = Interlocked.Increment(ref started);
                try
                {
                    await Task.Delay(n == 0 ? 0 : 60_000, token);
                }
                finally
                {
                    _ = Interlocked.Increment(ref ended);
                }

                return n;
            },
            CancellationToken.None))
        {
            break;
        }

        Assert.Equal(started, ended);
        Assert.InRange(started, 1, 5);
    }

    [Fact]
    public async Task The_first_error_in_order_ends_it()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (int n in OrderedParallel.SelectAsync(
                Enumerable.Range(0, 10),
                4,
                async (n, token) => { await Task.Delay(1, token); return n == 3 ? throw new InvalidOperationException("three") : n; },
                CancellationToken.None))
            {
                Assert.InRange(n, 0, 2);
            }
        });
        Assert.Equal("three", error.Message);
    }
}
