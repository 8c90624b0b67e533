namespace CtrPS;

/// <summary>A reading of what a container uses, out of its control group. The numbers are the kernel's; nothing is rounded.</summary>
public sealed class CtrMetric : CtrObject
{
    internal CtrMetric()
    {
    }

    /// <summary>The container's id.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>When it was read, by the daemon's clock.</summary>
    public DateTimeOffset? Timestamp { get; internal set; }

    /// <summary>
    /// CPU time used between the reading before and this one, in percent of one CPU: two busy ones make 200. Null for a single reading.
    /// </summary>
    public double? CpuPercent { get; internal set; }

    /// <summary>CPU time used since the container's start, in all CPUs together.</summary>
    public TimeSpan CpuUsage { get; internal set; }

    /// <summary>Time that it had to wait since its start because its CPU quota was used up.</summary>
    public TimeSpan CpuThrottled { get; internal set; }

    /// <summary>
    /// Bytes of memory, with the page cache of its files: what <c>ctr tasks metrics</c> shows, and what the limit is compared with.
    /// </summary>
    public long MemoryBytes { get; internal set; }

    /// <summary>
    /// Bytes of memory without the part of the page cache that is not in use: what <c>kubectl top</c> and <c>docker stats</c> show.
    /// </summary>
    public long WorkingSetBytes { get; internal set; }

    /// <summary>The most bytes of memory so far. Null where the kernel or the runtime does not tell.</summary>
    public long? MemoryPeakBytes { get; internal set; }

    /// <summary>Limit of its memory in bytes. Null: none.</summary>
    public long? MemoryLimit { get; internal set; }

    /// <summary>How many of its processes were killed as memory ran out.</summary>
    public long OomKills { get; internal set; }

    /// <summary>How many processes and threads it has.</summary>
    public long Pids { get; internal set; }

    /// <summary>How many it may have. Null: any number.</summary>
    public long? PidsLimit { get; internal set; }

    /// <summary>Bytes read from block devices.</summary>
    public long BlockReadBytes { get; internal set; }

    /// <summary>Bytes written to block devices.</summary>
    public long BlockWriteBytes { get; internal set; }

    /// <summary>The version of the control groups: 1 or 2.</summary>
    public int CgroupVersion { get; internal set; }

    /// <summary>What <see cref="GetRaw"/> gives.</summary>
    internal IReadOnlyDictionary<string, object?> Raw { get; set; } = CtrMap<object?>.Empty;

    /// <summary>
    /// All counters as the shim gives them, by the names that <c>ctr tasks metrics --format json</c> uses: dictionaries in it, arrays, numbers (long,
    /// or ulong where it takes one) and strings. <c>$metric.GetRaw().memory.total_rss</c>.
    /// </summary>
    public IReadOnlyDictionary<string, object?> GetRaw() => Raw;

    /// <summary>All counters as <c>ctr tasks metrics --format json</c> prints them, on one line: without those that are zero.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>All counters as <c>ctr tasks metrics --format json</c> prints them: without those that are zero.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(RecordJson.Counters(Raw)!, indented);

    /// <summary>The container's id.</summary>
    public override string ToString() => Id;
}
