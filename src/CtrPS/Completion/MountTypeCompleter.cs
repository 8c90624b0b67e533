namespace CtrPS.Completion;

/// <summary>Completes the kinds of mounts that containers have.</summary>
public sealed class MountTypeCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
    [
        new("bind", "a folder or file of the machine"), new("tmpfs", "an empty file system in memory"),
        new("proc", "processes"), new("sysfs", "the kernel's objects"), new("devpts", "terminals"), new("mqueue", "message queues"),
        new("cgroup", "control groups"), new("overlay", "folders over one another"),
    ];
}
