namespace CtrPS;

/// <summary>A container of containerd: what a task is started from, with the state of its task.</summary>
public sealed record CtrContainer : CtrObject
{
    private CtrSpec? _spec;

    /// <summary>The id, unique in its namespace.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the image that it was made from. Empty: none.</summary>
    public required string Image { get; init; }

    /// <summary>State of its task. <see cref="CtrTaskState.None"/>: it has none.</summary>
    public CtrTaskState State { get; init; }

    /// <summary>Id of the task's first process on the daemon's machine. Null where there is no task.</summary>
    public long? ProcessId { get; init; }

    /// <summary>How its task ended. Null while it has not, and where there is none.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When its task ended. Null while it has not, and where there is none.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>The runtime, such as <c>io.containerd.runc.v2</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>The snapshotter of its file system. Empty: it has no snapshot.</summary>
    public required string Snapshotter { get; init; }

    /// <summary>The snapshot that is its file system. Empty: it has none.</summary>
    public required string SnapshotKey { get; init; }

    /// <summary>Labels of the container.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When its record was changed last.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>What Kubernetes means it to be.</summary>
    public CtrContainerKind Kind { get; init; }

    /// <summary>Name of its pod. Null where it is not Kubernetes'.</summary>
    public string? PodName { get; init; }

    /// <summary>Kubernetes' namespace of its pod. Null where it is not Kubernetes'.</summary>
    public string? PodNamespace { get; init; }

    /// <summary>Uid of its pod. Null where it is not Kubernetes'.</summary>
    public string? PodUid { get; init; }

    /// <summary>Its name in the pod. Null where it is not Kubernetes', or a sandbox.</summary>
    public string? ContainerName { get; init; }

    /// <summary>The sandbox it belongs to, as containerd 1.7 and later keep it. Empty: none.</summary>
    public string Sandbox { get; init; } = "";

    /// <summary>What further programs keep on the record: name to value.</summary>
    public IReadOnlyDictionary<string, CtrExtension> Extensions { get; init; } = new Dictionary<string, CtrExtension>();

    /// <summary>The options of the runtime, as they were given to it. Null: none.</summary>
    public CtrExtension? RuntimeOptions { get; init; }

    /// <summary>The OCI runtime spec. Changing it changes nothing in containerd. Null where the record has none.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>: what the record holds is no JSON.</exception>
    public CtrSpec? Spec => _spec ??= SpecJson.IsEmpty ? null : CtrSpec.Parse(System.Text.Encoding.UTF8.GetString(SpecJson.Span));

    /// <summary>The program and its arguments, out of the spec. Empty where the record has no spec.</summary>
    public IReadOnlyList<string> Command => Spec?.Process.Args.ToArray() ?? [];

    /// <summary>The environment, <c>NAME=value</c> each, out of the spec. Empty where the record has no spec.</summary>
    public IReadOnlyList<string> Environment => Spec?.Process.Env.ToArray() ?? [];

    /// <summary>What is mounted, out of the spec. Empty where the record has no spec.</summary>
    public IReadOnlyList<CtrMount> Mounts => Spec?.Mounts.ToArray() ?? [];

    /// <summary>The spec as the record holds it. Empty: none.</summary>
    internal ReadOnlyMemory<byte> SpecJson { get; init; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
