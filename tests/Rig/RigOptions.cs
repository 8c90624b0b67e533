namespace CtrPS.Rig;

/// <summary>How a private containerd is set up.</summary>
public sealed record RigOptions
{
    /// <summary>Where the rig's folder is made; the temporary folder when null. Sockets need a short path.</summary>
    public string? ParentFolder { get; init; }

    /// <summary>Whether the CRI plugins run. Off by default: they start slower and label images by themselves.</summary>
    public bool Cri { get; init; }

    /// <summary>Images (words of <see cref="RigImages"/>) that are there from the start, unpacked like <see cref="RigImages.LoadAsync"/>
    /// does. The first rig that asks for a set loads it with ctr and keeps the daemon's root in the cache; later ones unpack that, in
    /// a second or two. For sets that many rigs need.</summary>
    public IReadOnlyList<string> Seed { get; init; } = [];

    /// <summary>containerd's namespace of the seed.</summary>
    public string SeedNamespace { get; init; } = "default";

    /// <summary>
    /// The criu that the daemon's runc finds: true, one that knows today's kernels; false, none; null, the machine's if it has one.
    /// </summary>
    public bool? Criu { get; init; }

    /// <summary>When the daemon collects garbage. By default as CTRPS_RIG_COLLECT says (a word of the type), else as containerd does.</summary>
    public RigCollection Collection { get; init; } = Environment.GetEnvironmentVariable("CTRPS_RIG_COLLECT") is { Length: > 0 } word
        ? Enum.Parse<RigCollection>(word, ignoreCase: true)
        : RigCollection.NowAndThen;

    /// <summary>TOML appended to the daemon's configuration.</summary>
    public string ExtraConfiguration { get; init; } = "";

    /// <summary>How long the daemon may take until its socket answers.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
