using System.Collections;
using Containerd.Types;
using CtrPS.Client.Connection;
using Google.Protobuf;
using V1 = Io.Containerd.Cgroups.V1;
using V2 = Io.Containerd.Cgroups.V2;

namespace CtrPS.Client.Tasks;

/// <summary>Turns the counters of control groups into the module's. Version 1 counts CPU time in nanoseconds, version 2 in microseconds.</summary>
internal static class MetricRecords
{
    private const long NanosecondsPerTick = 100;
    private const long TicksPerMicrosecond = 10;

    /// <summary>What version 1 says for no limit: the largest number of whole pages (mm/page_counter.c), whatever a page's size is.</summary>
    private const ulong UnlimitedFrom = 0x7FFF_FFFF_FFF0_0000;

    /// <summary>A reading. Null where its type is none of control groups: Windows, and runtimes that count in their own way.</summary>
    public static CtrMetric? ToMetric(Metric metric, string @namespace) => metric.Data?.TypeUrl[(metric.Data.TypeUrl.LastIndexOf('/') + 1)..] switch
    {
        "io.containerd.cgroups.v1.Metrics" => FromVersion1(V1.Metrics.Parser.ParseFrom(metric.Data.Value), metric, @namespace),
        "io.containerd.cgroups.v2.Metrics" => FromVersion2(V2.Metrics.Parser.ParseFrom(metric.Data.Value), metric, @namespace),
        _ => null,
    };

    private static CtrMetric FromVersion1(V1.Metrics counters, Metric metric, string @namespace)
    {
        V1.MemoryEntry? usage = counters.Memory?.Usage;
        return new CtrMetric
        {
            Namespace = @namespace,
            Id = metric.Id,
            Timestamp = WireTime.ToTime(metric.Timestamp),
            CgroupVersion = 1,
            CpuUsage = Nanoseconds(counters.Cpu?.Usage?.Total),
            CpuThrottled = Nanoseconds(counters.Cpu?.Throttling?.ThrottledTime),
            MemoryBytes = Number(usage?.Usage),
            WorkingSetBytes = WorkingSet(usage?.Usage, counters.Memory?.TotalInactiveFile),
            MemoryPeakBytes = usage is { Max: > 0 } ? Number(usage.Max) : null,
            MemoryLimit = Limit(usage?.Limit),
            OomKills = Number(counters.MemoryOomControl?.OomKill),
            Pids = Number(counters.Pids?.Current),
            PidsLimit = Limit(counters.Pids?.Limit),
            BlockReadBytes = Bytes("Read"),
            BlockWriteBytes = Bytes("Write"),
            Raw = ToDictionary(counters),
        };

        long Bytes(string operation) => (counters.Blkio?.IoServiceBytesRecursive ?? [])
            .Where(entry => entry.Op.Equals(operation, StringComparison.OrdinalIgnoreCase))
            .Sum(entry => Number(entry.Value));
    }

    private static CtrMetric FromVersion2(V2.Metrics counters, Metric metric, string @namespace) => new()
    {
        Namespace = @namespace,
        Id = metric.Id,
        Timestamp = WireTime.ToTime(metric.Timestamp),
        CgroupVersion = 2,
        CpuUsage = Microseconds(counters.Cpu?.UsageUsec),
        CpuThrottled = Microseconds(counters.Cpu?.ThrottledUsec),
        MemoryBytes = Number(counters.Memory?.Usage),
        WorkingSetBytes = WorkingSet(counters.Memory?.Usage, counters.Memory?.InactiveFile),
        MemoryPeakBytes = counters.Memory is { MaxUsage: > 0 } memory ? Number(memory.MaxUsage) : null,
        MemoryLimit = Limit(counters.Memory?.UsageLimit),
        OomKills = Number(counters.MemoryEvents?.OomKill),
        Pids = Number(counters.Pids?.Current),
        PidsLimit = Limit(counters.Pids?.Limit),
        BlockReadBytes = (counters.Io?.Usage ?? []).Sum(entry => Number(entry.Rbytes)),
        BlockWriteBytes = (counters.Io?.Usage ?? []).Sum(entry => Number(entry.Wbytes)),
        Raw = ToDictionary(counters),
    };

    private static TimeSpan Nanoseconds(ulong? value) => TimeSpan.FromTicks(Number(value) / NanosecondsPerTick);

    private static TimeSpan Microseconds(ulong? value) => TimeSpan.FromTicks(Number(value) * TicksPerMicrosecond);

    private static long Number(ulong? value) => (long)Math.Min(value ?? 0, long.MaxValue);

    /// <summary>0 is what version 1 says of processes that have no limit; a limit of nothing there is not.</summary>
    private static long? Limit(ulong? value) => value is null or 0 or >= UnlimitedFrom ? null : (long)value;

    /// <summary>As the kubelet counts (cAdvisor, container/libcontainer/handler.go).</summary>
    private static long WorkingSet(ulong? usage, ulong? inactiveFile) => Math.Max(0, Number(usage) - Number(inactiveFile));

    private static Dictionary<string, object?> ToDictionary(IMessage message) => message.Descriptor.Fields.InFieldNumberOrder()
        .Select(field => (field.Name, Value: ToValue(field.Accessor.GetValue(message))))
        .Where(field => field.Value is not null)
        .ToDictionary(field => field.Name, field => field.Value);

    private static object? ToValue(object? value) => value switch
    {
        IMessage message => ToDictionary(message),
        ulong number => number <= long.MaxValue ? (long)number : number,
        uint number => (long)number,
        string text => text,
        IEnumerable many => many.Cast<object?>().Select(ToValue).ToArray(),
        _ => value,
    };
}
