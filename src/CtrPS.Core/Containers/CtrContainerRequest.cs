namespace CtrPS;

/// <summary>A container to make: from an image, from a folder with a root file system, or from a spec alone.</summary>
internal sealed record CtrContainerRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The image. Null: none.</summary>
    public CtrImage? Image { get; init; }

    /// <summary>
    /// A folder on the daemon's machine that is the root file system; absolute. Null: a snapshot of the image, or what <see cref="Spec"/> says.
    /// </summary>
    public string? RootFs { get; init; }

    /// <summary>The spec as it is to be. Null: the default one with the image's config and <see cref="Options"/> applied.</summary>
    public CtrSpec? Spec { get; init; }

    /// <summary>Which of the image's platforms. Null: the server's.</summary>
    public CtrPlatform? Platform { get; init; }

    /// <summary>The snapshotter. Null: the namespace's default.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Labels for the snapshot.</summary>
    public IReadOnlyDictionary<string, string> SnapshotLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels for the container, beside those of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Extensions for the record: name to type URL and bytes.</summary>
    public IReadOnlyDictionary<string, CtrExtension> Extensions { get; init; } = new Dictionary<string, CtrExtension>();

    /// <summary>The runtime. Null: the namespace's default.</summary>
    public CtrRuntimeChoice Runtime { get; init; } = new();

    /// <summary>The sandbox that it belongs to; containerd 1.7 and later. Empty: none.</summary>
    public string Sandbox { get; init; } = "";

    /// <summary>When containerd starts it again: no, always, on-failure[:n], unless-stopped. Null: never.</summary>
    public string? RestartPolicy { get; init; }

    /// <summary>Where the restarted task logs to: <c>file:///path</c> or <c>binary:///program</c>, on the daemon's machine. Null: nowhere.</summary>
    public string? RestartLogUri { get; init; }

    /// <summary>What shapes the spec.</summary>
    public CtrContainerOptions Options { get; init; } = new();
}

/// <summary>A runtime and its options.</summary>
internal sealed record CtrRuntimeChoice
{
    /// <summary>The name, such as <c>io.containerd.runc.v2</c>, or the path of a shim. Null: the namespace's default.</summary>
    public string? Name { get; init; }

    /// <summary>For runc: the binary. Null: the daemon's.</summary>
    public string? RuncBinary { get; init; }

    /// <summary>For runc: its state folder. Null: the daemon's.</summary>
    public string? RuncRoot { get; init; }

    /// <summary>For runc: make the control group through systemd.</summary>
    public bool SystemdCgroup { get; init; }

    /// <summary>For other runtimes: a configuration file on the daemon's machine. Null: none.</summary>
    public string? ConfigPath { get; init; }
}

/// <summary>A container that was made.</summary>
/// <param name="Container">It.</param>
/// <param name="Warnings">What was left out, in whole sentences.</param>
internal sealed record CtrContainerOutcome(CtrContainer Container, IReadOnlyList<string> Warnings);
