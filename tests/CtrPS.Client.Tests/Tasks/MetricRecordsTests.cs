using Containerd.Types;
using CtrPS.Client.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using V1 = Io.Containerd.Cgroups.V1;
using V2 = Io.Containerd.Cgroups.V2;

namespace CtrPS.Client.Tests.Tasks;

/// <summary>Messages with the numbers that daemons on both versions of control groups send.</summary>
public sealed class MetricRecordsTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Version_1_counts_in_nanoseconds_and_names_no_limit_by_a_large_number()
    {
        var counters = new V1.Metrics
        {
            Cpu = new V1.CPUStat
            {
                Usage = new V1.CPUUsage { Total = 8_924_913, PerCpu = { 6_659_495, 2_265_418 } },
                Throttling = new V1.Throttle { ThrottledTime = 2_000_000_000 },
            },
            Memory = new V1.MemoryStat
            {
                TotalRss = 114_688,
                TotalInactiveFile = 33_184,
                Usage = new V1.MemoryEntry { Usage = 733_184, Limit = 9_223_372_036_854_771_712, Max = 2_768_896 },
            },
            Pids = new V1.PidsStat { Current = 2 },
            Blkio = new V1.BlkIOStat
            {
                IoServiceBytesRecursive =
                {
                    new V1.BlkIOEntry { Op = "Read", Major = 8, Value = 4096 },
                    new V1.BlkIOEntry { Op = "Write", Major = 8, Value = 512 },
                    new V1.BlkIOEntry { Op = "Total", Major = 8, Value = 4608 },
                    new V1.BlkIOEntry { Op = "Read", Major = 253, Value = 1 },
                },
            },
            MemoryOomControl = new V1.MemoryOomControl { OomKill = 3 },
        };
        CtrMetric metric = MetricRecords.ToMetric(Metric("io.containerd.cgroups.v1.Metrics", counters), "k8s.io")!;

        Assert.Equal(("k8s.io", "web", 1), (metric.Namespace, metric.Id, metric.CgroupVersion));
        Assert.Equal(Time, metric.Timestamp);
        Assert.Equal(TimeSpan.FromTicks(89_249), metric.CpuUsage);
        Assert.Equal(TimeSpan.FromSeconds(2), metric.CpuThrottled);
        Assert.Equal((733_184, 700_000, 2_768_896), (metric.MemoryBytes, metric.WorkingSetBytes, metric.MemoryPeakBytes));
        Assert.Null(metric.MemoryLimit);
        Assert.Equal(2, metric.Pids);
        Assert.Null(metric.PidsLimit);
        Assert.Equal((4097, 512), (metric.BlockReadBytes, metric.BlockWriteBytes));
        Assert.Equal(3, metric.OomKills);
        Assert.Null(metric.CpuPercent);
        var memory = Assert.IsType<Dictionary<string, object?>>(metric.Raw["memory"]);
        Assert.Equal(114_688L, memory["total_rss"]);
        var cpu = Assert.IsType<Dictionary<string, object?>>(metric.Raw["cpu"]);
        Assert.Equal([6_659_495L, 2_265_418L], Assert.IsType<object?[]>(Assert.IsType<Dictionary<string, object?>>(cpu["usage"])["per_cpu"]));
    }

    [Fact]
    public void Version_2_counts_in_microseconds_and_names_no_limit_by_the_largest_number()
    {
        var counters = new V2.Metrics
        {
            Cpu = new V2.CPUStat { UsageUsec = 1_500_000, ThrottledUsec = 250_000 },
            Memory = new V2.MemoryStat { Usage = 10_000_000, InactiveFile = 4_000_000, UsageLimit = ulong.MaxValue, MaxUsage = 12_000_000 },
            Pids = new V2.PidsStat { Current = 5, Limit = ulong.MaxValue },
            Io = new V2.IOStat
            {
                Usage = { new V2.IOEntry { Major = 8, Rbytes = 100, Wbytes = 200 }, new V2.IOEntry { Major = 253, Rbytes = 1, Wbytes = 2 } },
            },
            MemoryEvents = new V2.MemoryEvents { Oom = 9, OomKill = 1 },
        };
        CtrMetric metric = MetricRecords.ToMetric(Metric("io.containerd.cgroups.v2.Metrics", counters), "default")!;

        Assert.Equal(2, metric.CgroupVersion);
        Assert.Equal(TimeSpan.FromSeconds(1.5), metric.CpuUsage);
        Assert.Equal(TimeSpan.FromMilliseconds(250), metric.CpuThrottled);
        Assert.Equal((10_000_000, 6_000_000, 12_000_000), (metric.MemoryBytes, metric.WorkingSetBytes, metric.MemoryPeakBytes));
        Assert.Null(metric.MemoryLimit);
        Assert.Null(metric.PidsLimit);
        Assert.Equal((101, 202), (metric.BlockReadBytes, metric.BlockWriteBytes));
        Assert.Equal(1, metric.OomKills);
        Assert.Equal(ulong.MaxValue, Assert.IsType<Dictionary<string, object?>>(metric.Raw["memory"])["usage_limit"]);
    }

    [Theory]
    [InlineData(67_108_864UL)]
    [InlineData(1UL << 50)]
    public void Limits_are_numbers(ulong limit)
    {
        var one = new V1.Metrics
        {
            Memory = new V1.MemoryStat { Usage = new V1.MemoryEntry { Limit = limit } },
            Pids = new V1.PidsStat { Limit = 100 },
        };
        var two = new V2.Metrics { Memory = new V2.MemoryStat { UsageLimit = limit }, Pids = new V2.PidsStat { Limit = 100 } };
        foreach (CtrMetric? metric in new[]
        {
            MetricRecords.ToMetric(Metric("io.containerd.cgroups.v1.Metrics", one), "default"),
            MetricRecords.ToMetric(Metric("io.containerd.cgroups.v2.Metrics", two), "default"),
        })
        {
            Assert.Equal(((long?)limit, (long?)100), (metric!.MemoryLimit, metric.PidsLimit));
        }
    }

    [Fact]
    public void Parts_that_are_missing_are_nothing_and_other_types_are_none()
    {
        CtrMetric metric = MetricRecords.ToMetric(Metric("io.containerd.cgroups.v2.Metrics", new V2.Metrics()), "default")!;
        Assert.Equal((0, 0, 0, TimeSpan.Zero), (metric.MemoryBytes, metric.WorkingSetBytes, metric.Pids, metric.CpuUsage));
        Assert.Null(metric.MemoryPeakBytes);
        Assert.Null(MetricRecords.ToMetric(Metric("containerd.runhcs.stats.v1.Statistics", new V2.Metrics()), "default"));
        Assert.Null(MetricRecords.ToMetric(new Metric { Id = "web" }, "default"));
    }

    private static Metric Metric(string type, IMessage counters) =>
        new() { Id = "web", Timestamp = Timestamp.FromDateTimeOffset(Time), Data = new Any { TypeUrl = type, Value = counters.ToByteString() } };
}
