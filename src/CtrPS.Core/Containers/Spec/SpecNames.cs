namespace CtrPS;

/// <summary>The names that may stand in a spec, for checking and completion.</summary>
internal static class SpecNames
{
    public const string CapabilityPrefix = "CAP_";
    public const string RlimitPrefix = "RLIMIT_";

    /// <summary>Capabilities by their number (linux/capability.h).</summary>
    public static readonly IReadOnlyList<string> Capabilities =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
        "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>Resource limits (getrlimit(2)).</summary>
    public static readonly IReadOnlyList<string> Rlimits =
    [
        "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
    ];

    /// <summary>Kinds of namespaces, and their files below /proc/PID/ns (namespaces(7)).</summary>
    public static readonly IReadOnlyDictionary<string, string> Namespaces = new Dictionary<string, string>
    {
        ["cgroup"] = "cgroup",
        ["ipc"] = "ipc",
        ["mount"] = "mnt",
        ["network"] = "net",
        ["pid"] = "pid",
        ["user"] = "user",
        ["uts"] = "uts",
    };

    /// <summary>How mounts spread (mount_namespaces(7)).</summary>
    public static readonly IReadOnlyList<string> Propagations =
    [
        "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
    ];

    /// <summary>The policies of containerd's restart monitor.</summary>
    public static readonly IReadOnlyList<string> RestartPolicies = ["no", "always", "on-failure", "unless-stopped"];

    /// <summary>The full name of a capability given with or without <c>CAP_</c>, in any case.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static string Capability(string given) => Full(given, CapabilityPrefix, Capabilities, "capability");

    /// <summary>The full name of a resource limit given with or without <c>RLIMIT_</c>, in any case.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static string Rlimit(string given) => Full(given, RlimitPrefix, Rlimits, "resource limit");

    /// <summary>The kind of namespace that is meant by its name or by that of its file.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static string Namespace(string given) =>
        Namespaces.Keys.FirstOrDefault(
            kind => string.Equals(kind, given, StringComparison.OrdinalIgnoreCase)
                || string.Equals(Namespaces[kind], given, StringComparison.OrdinalIgnoreCase))
        ?? throw Unknown(given, "kind of namespace", string.Join(", ", Namespaces.Keys));

    private static string Full(string given, string prefix, IReadOnlyList<string> known, string what)
    {
        string upper = given.ToUpperInvariant();
        string full = upper.StartsWith(prefix, StringComparison.Ordinal) ? upper : prefix + upper;
        return known.Contains(full)
            ? full
            : throw Unknown(given, what, $"names such as {string.Join(", ", known.Take(3).Select(name => name[prefix.Length..]))}");
    }

    private static CtrException Unknown(string given, string what, string known) =>
        new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{given}' is not the name of a {what}. There are {known}.") { Target = given };
}
