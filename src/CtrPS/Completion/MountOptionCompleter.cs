namespace CtrPS.Completion;

/// <summary>Completes options of mounts (runtime-spec, config.md, Linux mount options).</summary>
public sealed class MountOptionCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
    [
        new("rbind", "with what is mounted below"), new("bind", "without what is mounted below"),
        new("ro", "only for reading"), new("rw", "for reading and writing"),
        new("nosuid", "set-user-id programs have no effect"), new("nodev", "device files have no effect"), new("noexec", "programs cannot be run"),
        new("rprivate", "mounts do not spread"), new("rshared", "mounts spread both ways"), new("rslave", "mounts spread into the container"),
        new("size=64m", "of a tmpfs"), new("mode=1777", "permissions of a tmpfs"),
    ];
}
