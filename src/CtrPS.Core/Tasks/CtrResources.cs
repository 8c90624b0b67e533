namespace CtrPS;

/// <summary>Limits to change; null: leave as it is. The words are those of the OCI runtime spec (linux.resources).</summary>
internal sealed record CtrResources
{
    /// <summary>Bytes of memory; -1: no limit.</summary>
    public long? Memory { get; init; }

    /// <summary>Bytes of memory to keep it at when memory is short; -1: none.</summary>
    public long? MemoryReservation { get; init; }

    /// <summary>Bytes of memory and swap together; -1: no limit.</summary>
    public long? MemorySwap { get; init; }

    /// <summary>Weight against others where the CPUs are busy; 1024 is the usual.</summary>
    public long? CpuShares { get; init; }

    /// <summary>Microseconds of CPU time in a period; -1: no limit.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>Microseconds of a period.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary>The CPUs it may run on, as in <c>0-3,8</c>.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>The memory nodes it may use, as in <c>0,1</c>.</summary>
    public string? CpusetMems { get; init; }

    /// <summary>How many processes and threads; -1: any number.</summary>
    public long? PidsLimit { get; init; }
}
