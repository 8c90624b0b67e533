namespace CtrPS;

/// <summary>
/// What shapes the spec of a container. What is not set is left to the image, else to the default spec (containerd, pkg/oci/spec.go).
/// </summary>
internal sealed record CtrContainerOptions
{
    /// <summary>The arguments; with <see cref="ReplaceEntrypoint"/> the program too. Empty: the image's.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Whether <see cref="Command"/> takes the place of the image's entrypoint too, as with ctr.</summary>
    public bool ReplaceEntrypoint { get; init; }

    /// <summary>Variables, <c>NAME=value</c>; <c>NAME</c> alone removes the image's.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The working directory. Null: the image's, else <c>/</c>.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>User, as in <c>name</c>, <c>uid</c>, <c>user:group</c>. Null: the image's, else root.</summary>
    public string? User { get; init; }

    /// <summary>The host name. Null: the host's.</summary>
    public string? Hostname { get; init; }

    /// <summary>Whether the first process has a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Whether the root file system is read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Further mounts; one of the default spec with the same destination goes.</summary>
    public IReadOnlyList<CtrMount> Mounts { get; init; } = [];

    /// <summary>Annotations of the spec.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Nearly all that root on the daemon's machine can do.</summary>
    public bool Privileged { get; init; }

    /// <summary>With <see cref="Privileged"/>: without the machine's devices.</summary>
    public bool WithoutHostDevices { get; init; }

    /// <summary>Whether set-user-id programs and file capabilities give privileges.</summary>
    public bool AllowNewPrivileges { get; init; }

    /// <summary>Capabilities to add, with or without <c>CAP_</c>; ALL means all.</summary>
    public IReadOnlyList<string> AddCapabilities { get; init; } = [];

    /// <summary>Capabilities to take away, with or without <c>CAP_</c>; ALL means all.</summary>
    public IReadOnlyList<string> DropCapabilities { get; init; } = [];

    /// <summary>Whether containerd's default seccomp profile applies.</summary>
    public bool DefaultSeccomp { get; init; }

    /// <summary>A seccomp profile, JSON as in linux.seccomp of a spec. Null: <see cref="DefaultSeccomp"/>, else none.</summary>
    public string? SeccompProfile { get; init; }

    /// <summary>An AppArmor profile that is loaded on the daemon's machine. Null: none.</summary>
    public string? AppArmorProfile { get; init; }

    /// <summary>Devices: a path on the daemon's machine, a folder for all in it, or <c>path:path in the container[:rwm]</c>.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Whether it is in the machine's network.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>Namespaces to join: kind to path.</summary>
    public IReadOnlyDictionary<string, string> JoinNamespaces { get; init; } = new Dictionary<string, string>();

    /// <summary>The control group. Null: <c>/namespace/id</c>. Empty: none.</summary>
    public string? CgroupPath { get; init; }

    /// <summary>Bytes of memory at the most. Null: no limit.</summary>
    public long? Memory { get; init; }

    /// <summary>Bytes of memory and swap together at the most; -1 is no limit. Null: the runtime's default.</summary>
    public long? MemorySwap { get; init; }

    /// <summary>Processors' worth of time at the most. Null: no limit.</summary>
    public double? Cpus { get; init; }

    /// <summary>Weight of processor time. Null: the default.</summary>
    public long? CpuShares { get; init; }

    /// <summary>Microseconds of processor time in each period. Null: no limit.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>Microseconds of a period. Null: the default.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary>Processors to run on, such as <c>0-2,4</c>. Null: all.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>Memory nodes to use. Null: all.</summary>
    public string? CpusetMems { get; init; }

    /// <summary>Processes at the most. Null: no limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Resource limits: name with or without <c>RLIMIT_</c>, soft and hard value.</summary>
    public IReadOnlyDictionary<string, (ulong Soft, ulong Hard)> Rlimits { get; init; } = new Dictionary<string, (ulong Soft, ulong Hard)>();

    /// <summary>User ids in the container and outside, for a user namespace.</summary>
    public IReadOnlyList<CtrSpecIdMapping> UidMappings { get; init; } = [];

    /// <summary>Group ids in the container and outside, for a user namespace.</summary>
    public IReadOnlyList<CtrSpecIdMapping> GidMappings { get; init; } = [];

    /// <summary>How mounts spread. Null: the runtime's default.</summary>
    public string? RootFsPropagation { get; init; }

    /// <summary>The class of Intel RDT. Null: none.</summary>
    public string? RdtClass { get; init; }
}
