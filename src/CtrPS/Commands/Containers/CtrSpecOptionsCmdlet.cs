using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that shape the spec of a container: all that can be said about it.</summary>
public abstract class CtrSpecOptionsCmdlet : CtrSessionCmdlet
{
    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Which of the image's platforms. Default: the server's.</summary>
    [Parameter(HelpMessage = "Which of the image's platforms. Default: the server's.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNull]
    public CtrPlatform? Platform { get; set; }

    /// <summary>Variables, <c>NAME=value</c> each; <c>NAME</c> alone removes the image's.</summary>
    [Parameter(HelpMessage = "Environment variables: a hashtable, or NAME=value; NAME alone removes the image's.")]
    [PairTransformation]
    [ValidateNotNull]
    public string[] Env { get; set; } = [];

    /// <summary>Files with variables, one a line. What <see cref="Env"/> says wins.</summary>
    [Parameter(HelpMessage = "Files with environment variables, one a line.")]
    [ValidateNotNullOrEmpty]
    public string[] EnvFile { get; set; } = [];

    /// <summary>The working directory. Default: the image's, else <c>/</c>.</summary>
    [Parameter(HelpMessage = "The working directory in the container.")]
    [Alias("Cwd")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The user. Default: the image's, else root.</summary>
    [Parameter(HelpMessage = "The user: a name or number, with a group behind a colon if wanted.")]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The host name. Default: the host's.</summary>
    [Parameter(HelpMessage = "The host name in the container.")]
    [ValidateNotNullOrEmpty]
    public string? Hostname { get; set; }

    /// <summary>Give the first process a terminal.</summary>
    [Parameter(HelpMessage = "Give the first process a terminal.")]
    [Alias("Terminal")]
    public SwitchParameter Tty { get; set; }

    /// <summary>Make the root file system read-only.</summary>
    [Parameter(HelpMessage = "Make the root file system read-only.")]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>What to mount beside the usual.</summary>
    [Parameter(HelpMessage = "Mounts: from New-CtrMount, or text such as type=bind,src=/a,dst=/b,options=rbind:ro or /a:/b:ro.")]
    [Alias("Volume")]
    [ValidateNotNullOrEmpty]
    public CtrMount[] Mount { get; set; } = [];

    /// <summary>Annotations of the spec.</summary>
    [Parameter(HelpMessage = "Annotations of the spec.")]
    [ValidateNotNull]
    public Hashtable Annotation { get; set; } = [];

    /// <summary>Give the container nearly all that root on the machine has.</summary>
    [Parameter(HelpMessage = "Give the container nearly all that root on the machine has.")]
    public SwitchParameter Privileged { get; set; }

    /// <summary>With <see cref="Privileged"/>: leave the machine's devices out.</summary>
    [Parameter(HelpMessage = "With -Privileged: leave the machine's devices out.")]
    public SwitchParameter WithoutHostDevice { get; set; }

    /// <summary>Let set-user-id programs and file capabilities give no privileges.</summary>
    [Parameter(
        HelpMessage = "Let set-user-id programs and file capabilities give no privileges. On unless switched off with -NoNewPrivileges:$false.")]
    public SwitchParameter NoNewPrivileges { get; set; } = true;

    /// <summary>Capabilities to add.</summary>
    [Parameter(HelpMessage = "Capabilities to add, with or without CAP_; ALL for all.")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] CapAdd { get; set; } = [];

    /// <summary>Capabilities to take away.</summary>
    [Parameter(HelpMessage = "Capabilities to take away, with or without CAP_; ALL for all.")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] CapDrop { get; set; } = [];

    /// <summary>Apply containerd's default seccomp profile.</summary>
    [Parameter(HelpMessage = "Apply containerd's default seccomp profile.")]
    public SwitchParameter Seccomp { get; set; }

    /// <summary>File with a seccomp profile.</summary>
    [Parameter(HelpMessage = "File with a seccomp profile, JSON as in linux.seccomp of a spec.")]
    [ValidateNotNullOrEmpty]
    public string? SeccompProfile { get; set; }

    /// <summary>An AppArmor profile that is loaded on the daemon's machine.</summary>
    [Parameter(HelpMessage = "An AppArmor profile that is loaded on the daemon's machine.")]
    [ValidateNotNullOrEmpty]
    public string? AppArmorProfile { get; set; }

    /// <summary>Devices of the daemon's machine.</summary>
    [Parameter(HelpMessage = "Devices of the daemon's machine: path[:path in the container[:rwm]]; a folder for all in it.")]
    [ValidateNotNullOrEmpty]
    public string[] Device { get; set; } = [];

    /// <summary>Use the machine's network.</summary>
    [Parameter(HelpMessage = "Use the machine's network.")]
    [Alias("NetHost")]
    public SwitchParameter HostNetwork { get; set; }

    /// <summary>Namespaces to join.</summary>
    [Parameter(HelpMessage = "Namespaces to join: kind=path, as in network=/proc/1/ns/net.")]
    [Alias("WithNs")]
    [PairTransformation]
    [ArgumentCompleter(typeof(JoinNamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] JoinNamespace { get; set; } = [];

    /// <summary>The control group. Default: <c>/namespace/id</c>.</summary>
    [Parameter(HelpMessage = "The control group. Empty for none of its own.")]
    [Alias("Cgroup")]
    [AllowEmptyString]
    [ValidateNotNull]
    public string? CgroupPath { get; set; }

    /// <summary>Bytes of memory at the most.</summary>
    [Parameter(HelpMessage = "Bytes of memory at the most, as in 512MB.")]
    [Alias("MemoryLimit")]
    [BytesTransformation]
    [ValidateRange(1L, long.MaxValue)]
    public long Memory { get; set; }

    /// <summary>Bytes of memory and swap together at the most.</summary>
    [Parameter(HelpMessage = "Bytes of memory and swap together at the most; -1 for no limit.")]
    [BytesTransformation]
    [ValidateRange(-1L, long.MaxValue)]
    public long MemorySwap { get; set; }

    /// <summary>Processors' worth of time at the most.</summary>
    [Parameter(HelpMessage = "Processors' worth of time at the most, as in 1.5.")]
    [ValidateRange(0.001, 100000.0)]
    public double Cpus { get; set; }

    /// <summary>Weight of processor time.</summary>
    [Parameter(HelpMessage = "Weight of processor time beside others; 1024 is ordinary.")]
    [ValidateRange(2L, 262144L)]
    public long CpuShares { get; set; }

    /// <summary>Microseconds of processor time in each period.</summary>
    [Parameter(HelpMessage = "Microseconds of processor time in each period.")]
    [ValidateRange(-1L, long.MaxValue)]
    public long CpuQuota { get; set; }

    /// <summary>Microseconds of a period.</summary>
    [Parameter(HelpMessage = "Microseconds of a period.")]
    [ValidateRange(1L, long.MaxValue)]
    public long CpuPeriod { get; set; }

    /// <summary>Processors to run on.</summary>
    [Parameter(HelpMessage = "Processors to run on, as in 0-2,4.")]
    [ValidateNotNullOrEmpty]
    public string? CpusetCpus { get; set; }

    /// <summary>Memory nodes to use.</summary>
    [Parameter(HelpMessage = "Memory nodes to use, as in 0.")]
    [ValidateNotNullOrEmpty]
    public string? CpusetMems { get; set; }

    /// <summary>Processes and threads at the most.</summary>
    [Parameter(HelpMessage = "Processes and threads at the most; -1 for no limit.")]
    [ValidateRange(-1L, long.MaxValue)]
    public long PidsLimit { get; set; }

    /// <summary>Resource limits.</summary>
    [Parameter(HelpMessage = "Resource limits: name=soft[:hard], as in nofile=1024:4096.")]
    [Alias("Ulimit")]
    [PairTransformation]
    [ArgumentCompleter(typeof(RlimitCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] RLimit { get; set; } = [];

    /// <summary>User ids for a user namespace.</summary>
    [Parameter(HelpMessage = "User ids for a user namespace: first id in the container:first id outside:count.")]
    [ValidateNotNullOrEmpty]
    public string[] UidMap { get; set; } = [];

    /// <summary>Group ids for a user namespace.</summary>
    [Parameter(HelpMessage = "Group ids for a user namespace: first id in the container:first id outside:count.")]
    [ValidateNotNullOrEmpty]
    public string[] GidMap { get; set; } = [];

    /// <summary>How mounts spread.</summary>
    [Parameter(HelpMessage = "How mounts spread between the container and the machine.")]
    [ValidateSet("private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable")]
    public string? RootFsPropagation { get; set; }

    /// <summary>The class of Intel RDT.</summary>
    [Parameter(HelpMessage = "The class of Intel RDT.")]
    [ValidateNotNullOrEmpty]
    public string? RdtClass { get; set; }

    /// <summary>Let the command take the place of the image's entrypoint too.</summary>
    [Parameter(
        HelpMessage = "Let the command take the place of the image's entrypoint too, as ctr does; "
            + "otherwise it follows the entrypoint, as with docker.")]
    public SwitchParameter ReplaceEntrypoint { get; set; }

    /// <summary>A line for the container's shell, in place of a command and of the image's entrypoint.</summary>
    [Parameter(HelpMessage = "A line for the container's /bin/sh -c, in place of a command and of the image's entrypoint.")]
    [ValidateNotNullOrEmpty]
    public string? Shell { get; set; }

    /// <summary>The program and its arguments, or the arguments for the image's entrypoint.</summary>
    private protected abstract IReadOnlyList<string> Words { get; }

    /// <summary>The names of the parameters that shape a spec and were given.</summary>
    private protected IEnumerable<string> GivenSpecOptions => typeof(CtrSpecOptionsCmdlet).GetProperties()
        .Where(property => property.DeclaringType == typeof(CtrSpecOptionsCmdlet) && property.Name is not (nameof(Namespace) or nameof(Platform)))
        .Select(property => property.Name)
        .Where(IsGiven);

    /// <summary>Whether a parameter was given.</summary>

    /// <summary>The options as the parameters say them.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidArgument"/>; <see cref="CtrErrorIds.InvalidPath"/> for a file that cannot be read.
    /// </exception>
    private protected CtrContainerOptions ReadOptions() => new()
    {
        Command = Words.Count > 0 || Shell is not null ? CommandWords.Choose(Words, Shell) : [],
        ReplaceEntrypoint = ReplaceEntrypoint || Shell is not null,
        Environment = SpecOptions.Environment(EnvFile.SelectMany(path => SpecOptions.EnvironmentOf(TextFile.Read(this, path))).Concat(Env)),
        WorkingDirectory = WorkingDirectory,
        User = User,
        Hostname = Hostname,
        Terminal = Tty,
        ReadOnly = ReadOnly,
        Mounts = Mount,
        Annotations = Labels.From(Annotation).ToDictionary(pair => pair.Key, pair => pair.Value ?? "", StringComparer.Ordinal),
        Privileged = Privileged,
        WithoutHostDevices = WithoutHostDevice,
        AllowNewPrivileges = !NoNewPrivileges,
        AddCapabilities = CapAdd,
        DropCapabilities = CapDrop,
        DefaultSeccomp = Seccomp,
        SeccompProfile = SeccompProfile is null ? null : TextFile.Read(this, SeccompProfile),
        AppArmorProfile = AppArmorProfile,
        Devices = Device,
        HostNetwork = HostNetwork,
        JoinNamespaces = SpecOptions.Namespaces(JoinNamespace),
        CgroupPath = CgroupPath,
        Memory = Given(nameof(Memory), Memory),
        MemorySwap = Given(nameof(MemorySwap), MemorySwap),
        Cpus = Given(nameof(Cpus), Cpus),
        CpuShares = Given(nameof(CpuShares), CpuShares),
        CpuQuota = Given(nameof(CpuQuota), CpuQuota),
        CpuPeriod = Given(nameof(CpuPeriod), CpuPeriod),
        CpusetCpus = CpusetCpus,
        CpusetMems = CpusetMems,
        PidsLimit = Given(nameof(PidsLimit), PidsLimit),
        Rlimits = SpecOptions.Rlimits(RLimit),
        UidMappings = SpecOptions.IdMappings(UidMap),
        GidMappings = SpecOptions.IdMappings(GidMap),
        RootFsPropagation = RootFsPropagation,
        RdtClass = RdtClass,
    };

    private T? Given<T>(string parameter, T value)
        where T : struct => IsGiven(parameter) ? value : null;
}
