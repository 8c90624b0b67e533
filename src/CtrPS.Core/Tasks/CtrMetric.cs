namespace CtrPS;

/// <summary>A reading of what a container uses, out of its control group. The numbers are the kernel's; nothing is rounded.</summary>
public sealed record CtrMetric : CtrObject
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>When it was read, by the daemon's clock.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>
    /// CPU time used between the reading before and this one, in percent of one CPU: two busy ones make 200. Null for a single reading.
    /// </summary>
    public double? CpuPercent { get; init; }

    /// <summary>CPU time used since the container's start, in all CPUs together.</summary>
    public TimeSpan CpuUsage { get; init; }

    /// <summary>Time that it had to wait since its start because its CPU quota was used up.</summary>
    public TimeSpan CpuThrottled { get; init; }

    /// <summary>
    /// Bytes of memory, with the page cache of its files: what <c>ctr tasks metrics</c> shows, and what the limit is compared with.
    /// </summary>
    public long MemoryBytes { get; init; }

    /// <summary>
    /// Bytes of memory without the part of the page cache that is not in use: what <c>kubectl top</c> and <c>docker stats</c> show.
    /// </summary>
    public long WorkingSetBytes { get; init; }

    /// <summary>The most bytes of memory so far. Null where the kernel or the runtime does not tell.</summary>
    public long? MemoryPeakBytes { get; init; }

    /// <summary>Limit of its memory in bytes. Null: none.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>How many of its processes were killed as memory ran out.</summary>
    public long OomKills { get; init; }

    /// <summary>How many processes and threads it has.</summary>
    public long Pids { get; init; }

    /// <summary>How many it may have. Null: any number.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Bytes read from block devices.</summary>
    public long BlockReadBytes { get; init; }

    /// <summary>Bytes written to block devices.</summary>
    public long BlockWriteBytes { get; init; }

    /// <summary>The version of the control groups: 1 or 2.</summary>
    public int CgroupVersion { get; init; }

    /// <summary>
    /// All counters as the shim gives them, by the names that <c>ctr tasks metrics --format json</c> uses: dictionaries in it, arrays, numbers (long,
    /// or ulong where it takes one) and strings. <c>$metric.Raw.memory.total_rss</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, object?> Raw { get; init; }

    /// <summary>The container's id.</summary>
    public override string ToString() => Id;
}
