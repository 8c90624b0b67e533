using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using CtrPS.Client.Oci;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>
/// Large layers over several connections, where one is slow: by closed ranges, and where these are not to be had by one connection, which nothing was
/// lost of. The rules are for a small layer; what is slow is the registry's first answer.
/// </summary>
public sealed class RangedBlobTests(ImageReceiverTests.Parts parts) : IClassFixture<ImageReceiverTests.Parts>
{
    private const string Blobs = "/blobs/";

    /// <summary>A layer of a megabyte is a large one, and a connection is slow at once.</summary>
    private static readonly RangeRules Rules = new()
    {
        Least = 256 << 10,
        Size = 64 << 10,
        InAll = 6,
        Look = TimeSpan.FromMilliseconds(20),
        Ahead = TimeSpan.FromMilliseconds(200),
    };

    private static readonly RegistryFault Slow = new() { Name = "slow", Method = "GET", Path = Blobs, Ranged = false, BytesPerSecond = 1_200_000 };

    /// <summary>Faults of ranges, and whether ranges bring the layer nevertheless.</summary>
    private static Dictionary<string, (bool ByRanges, RegistryFault[] Faults)> Faults { get; } = new()
    {
        ["none"] = (true, [new() { Ranged = true, DelaySeconds = 0.03 }]),
        ["cut in one"] = (true, [new() { Ranged = true, Skip = 3, Times = 1, CutAfter = 10_000 }]),
        ["500 in the middle"] = (true, [new() { Ranged = true, Skip = 3, Times = 2, Status = 500 }]),
        ["503 for the first"] = (true, [new() { Ranged = true, Times = 1, Status = 503 }]),
        ["at another host"] = (true, [new() { Method = "GET", Path = Blobs, Place = FaultyPlace.Self, Redirect = "{storage}{path}" }]),
        ["one stands still"] = (false, [new() { Ranged = true, Skip = 4, Times = 1, StallAfter = 1000 }]),
        ["ignored"] = (false, [new() { Ranged = true, IgnoreRange = true }]),
        ["another range"] = (false, [Answered("bytes 0-65535/9999999")]),
        ["a part of the range"] = (false, [new() { Ranged = true, Lengthen = -100 }]),
        ["which range is not said"] = (false, [Answered(null)]),
        ["refused"] = (false, [new() { Ranged = true, Status = 416 }]),
        ["never answered"] = (false, [new() { Ranged = true, Hang = true }]),
        ["without a byte"] = (false, [new() { Ranged = true, StallAfter = 0 }]),
        ["gzip, unasked for"] = (false, [new() { Ranged = true, Gzip = true }]),
    };

    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_layer_comes_by_closed_ranges_or_by_the_one_connection(string fault)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("busybox");
        using RegistryClient client = Open(Patient);
        Descriptor largest = await LargestAsync(client.Repository(CtrImageReference.Parse(name)));
        (bool byRanges, RegistryFault[] faults) = Faults[fault];
        foreach (RegistryFault one in faults.Append(Slow))
        {
            faulty.Add(one);
        }

        string ns = parts.Namespace();
        _ = await ReceiveAsync(parts.Connection, name, ns, Patient);
        Assert.Contains("complete", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        Assert.EndsWith("true", (await StoreProbe.CheckAsync(parts.Daemon, ns, name)).TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("", await ImageReceiverTests.LeftAsync(parts.Daemon, ns));

        ServedRequest[] layer = await LayerRequestsAsync(faulty);
        ServedRequest[] ranges = [.. layer.Where(request => request.Range is not null)];
        ServedRequest[] closed = [.. ranges.Where(request => !request.Range!.EndsWith('-'))];
        Assert.True(closed.Length >= 2, string.Join('\n', layer.AsEnumerable()));
        if (byRanges)
        {
            Assert.Equal(closed, ranges);
            Assert.Contains(closed, one => closed.Any(other => one != other && one.Overlaps(other)));
            Assert.Contains(closed, one => one.Range!.EndsWith($"-{largest.Size - 1}", StringComparison.Ordinal));
        }

        if (fault == "cut in one")
        {
            ServedRequest cut = Assert.Single(closed, request => request is { Fault: not null, Sent: 10_000 });
            long begin = BeginOf(cut);
            Assert.Contains(closed, request => request.Range!.StartsWith($"bytes={begin + 10_000}-", StringComparison.Ordinal));
        }

        if (fault == "one stands still")
        {
            // From there on by one connection: what came before is not asked for again.
            ServedRequest rest = Assert.Single(ranges, request => request.Range!.EndsWith('-'));
            Assert.True(BeginOf(rest) > 2 * Rules.Size, rest.Range);
        }
        else if (!byRanges)
        {
            // The first connection was never given up, and nobody asks such a registry again and again.
            Assert.Equal(closed, ranges);
            Assert.Equal(largest.Size, layer.Single(request => request is { Range: null, IsComplete: true }).Sent);
            Assert.InRange(closed.Length, 2, 4);
        }
    }

    [Fact]
    public async Task A_stopped_pull_goes_on_by_ranges_from_where_it_was()
    {
        string ns = parts.Namespace();
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("nginx");
        RangeRules rules = Rules with { Least = 4 << 20, Size = 1 << 20 };
        faulty.Add(new RegistryFault { Method = "GET", Path = Blobs, Ranged = true, Skip = 12, StallAfter = 0 });
        faulty.Add(new RegistryFault { Method = "GET", Path = Blobs, Ranged = false, BytesPerSecond = 4_000_000 });
        using var stop = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        CtrRegistryOptions waiting = Patient with { StallTimeout = TimeSpan.FromMinutes(1) };
        Task<CtrReceivedImage> pull = ReceiveAsync(parts.Connection, name, ns, waiting, rules, stop.Token);
        while (faulty.Requests.Count(request => request.Range is not null) < 16)
        {
            Assert.False(pull.IsCompleted);
            await Task.Delay(20, limit.Token);
        }

        while (ImageReceiverTests.Ingested(parts.Daemon) < 1_000_000)
        {
            await Task.Delay(20, limit.Token);
        }

        await stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);

        faulty.ClearFaults();
        faulty.ClearRequests();
        faulty.Add(new RegistryFault { Method = "GET", Path = Blobs, Place = FaultyPlace.Self, Ranged = true, DelaySeconds = 0.05 });
        CtrReceivedImage received = await ReceiveAsync(parts.Connection, name, ns, Patient, rules);
        Assert.InRange(received.BytesResumed, 1_000_000, 40_000_000);
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        await parts.Connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.Equal("", await ImageReceiverTests.LeftAsync(parts.Daemon, ns));
    }

    [Fact]
    public async Task Tokens_that_end_meanwhile_are_renewed_for_each_range()
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(
            new RegistryOptions { User = "rig", Password = "S3cret!", Token = new TokenOptions() }).OrSkipAsync();
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(registry);
        string name = await faulty.PushAsync("busybox");
        faulty.Add(new RegistryFault { Ranged = true, Authorized = true, Skip = 3, Times = 3, DropAuthorization = true });
        faulty.Add(Slow with { Authorized = true });
        using RegistryClient client = Open(Patient with { Credential = new NetworkCredential("rig", "S3cret!") });
        RepositoryClient repository = client.Repository(CtrImageReference.Parse(name));
        Descriptor layer = await LargestAsync(repository);
        await using Stream body = await new RegistrySource(repository, _ => true).OpenAsync(layer, 0, CancellationToken.None);
        Assert.Equal(layer.Digest, "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(body)));
        ServedRequest[] ranges = [.. (await LayerRequestsAsync(faulty)).Where(request => request.Range is not null)];
        Assert.Equal(3, ranges.Count(request => request is { Status: 401, IsAuthorized: true }));
        Assert.DoesNotContain(ranges, request => request.Range!.EndsWith('-'));
    }

    [Fact]
    public async Task The_memory_is_bounded_for_all_blobs_together_and_given_back_however_it_ends()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("busybox");
        faulty.Add(new RegistryFault { Ranged = true, Skip = 8, StallAfter = 100 });
        faulty.Add(Slow);
        var buffers = new RangeBuffers(Rules);
        using RegistryClient client = Open(Patient with { StallTimeout = TimeSpan.FromMinutes(1) });
        var repository = new RepositoryClient(client.HostsOf(faulty.Address), CtrImageReference.Parse(name), client.Options, buffers);
        Descriptor layer = await LargestAsync(repository);
        using var stop = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 4).Select(_ => ReadAsync())];
        while (faulty.Requests.Count(request => request.Range is not null) < 12)
        {
            await Task.Delay(10);
        }

        Assert.InRange(Free(), 0, 2); // two of them have all of it, the others go on without
        await stop.CancelAsync();
        foreach (Task reader in readers)
        {
            _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
        }

        Assert.Equal(Rules.InAll, Free());

        async Task ReadAsync()
        {
            await using Stream body = await new RegistrySource(repository, _ => true).OpenAsync(layer, 0, stop.Token);
            byte[] buffer = new byte[10_000];
            while (await body.ReadAsync(buffer, stop.Token) > 0)
            {
            }
        }

        int Free()
        {
            List<byte[]> rented = [.. buffers.Rent(1, 100)];
            Assert.All(rented, one => Assert.Equal(Rules.Size, one.Length));
            Assert.Empty(buffers.Rent(1, 100));
            rented.ForEach(buffers.Return);
            return rented.Count;
        }
    }

    [Theory]
    [InlineData(1, 100 << 20)]
    [InlineData(4, 1)]
    public async Task One_connection_is_enough_where_no_more_are_wanted_or_it_is_fast(int connections, long enough)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("busybox");
        faulty.Add(Slow);
        string ns = parts.Namespace();
        _ = await ReceiveAsync(
            parts.Connection, name, ns, Patient with { ConnectionsPerBlob = connections }, Rules with { Enough = enough });
        Assert.Contains("complete", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        Assert.DoesNotContain(await LayerRequestsAsync(faulty), request => request.Range is not null);
    }

    private static CtrRegistryOptions Patient => new()
    {
        HostsFolders = [],
        RetryInterval = TimeSpan.FromMilliseconds(50),
        StallTimeout = TimeSpan.FromSeconds(1),
        MinimumRate = 1000,
    };

    private static RegistryFault Answered(string? range) =>
        new() { Ranged = true, Headers = new Dictionary<string, string?> { ["Content-Range"] = range } };

    private static RegistryClient Open(CtrRegistryOptions options, RangeRules? rules = null) =>
        new(options, new ImageReceiverTests.NobodyKnown(), rules ?? Rules);

    private static async Task<CtrReceivedImage> ReceiveAsync(
        ICtrConnection connection,
        string name,
        string ns,
        CtrRegistryOptions options,
        RangeRules? rules = null,
        CancellationToken cancellationToken = default)
    {
        using RegistryClient registries = Open(options, rules);
        ICtrReceivePlan plan = await connection.Receiver.PlanAsync(
            new CtrReceiveRequest { Reference = CtrImageReference.Parse(name), Namespace = ns }, registries, cancellationToken);
        return await plan.RunAsync(new CtrTransferMeter(), cancellationToken);
    }

    /// <summary>The largest blob of an image.</summary>
    private static async Task<Descriptor> LargestAsync(RepositoryClient repository)
    {
        Descriptor target = await repository.ResolveAsync("1", CancellationToken.None);
        ImageNode root = await ImageGraph.ReadAsync(new RegistrySource(repository, _ => true), target, CancellationToken.None);
        return ImageSelection.Of(root, SelectionRules.ToGive(CtrPlatformScope.All, [])).Nodes.Select(node => node.Descriptor).MaxBy(one => one.Size)!;
    }

    private static long BeginOf(ServedRequest request) => long.Parse(request.Range!.Split('=', '-')[1], CultureInfo.InvariantCulture);

    /// <summary>The requests for the blob that most was sent of.</summary>
    private static async Task<ServedRequest[]> LayerRequestsAsync(FaultyRegistry faulty) =>
    [
        .. (await faulty.SettleAsync(TimeSpan.FromSeconds(10)))
            .Where(request => request.Method == "GET" && request.Path.Contains(Blobs, StringComparison.Ordinal))
            .GroupBy(request => request.Path)
            .MaxBy(some => some.Sum(request => request.Sent))!,
    ];
}
