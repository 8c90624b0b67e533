namespace CtrPS;

/// <summary>
/// An event of containerd. What all events of a sort have stands on the object itself; <see cref="Payload"/> has everything that the daemon sent.
/// What an event has nothing to do with is null.
/// </summary>
public sealed class CtrEvent : CtrObject
{
    internal CtrEvent()
    {
    }

    /// <summary>An event, or a hole in the stream of them.</summary>
    public CtrEventKind Kind { get; internal set; }

    /// <summary>When it happened, by the daemon's clock.</summary>
    public DateTimeOffset Timestamp { get; internal set; }

    /// <summary>What happened, such as <c>/tasks/exit</c>. With a gap: <c>gap</c>.</summary>
    public string Topic { get; internal set; } = null!;

    /// <summary>What it happened to: the id of a container or sandbox, the name of an image or namespace, a digest, the key of a snapshot.</summary>
    public string? Subject { get; internal set; }

    /// <summary>The container.</summary>
    public string? ContainerId { get; internal set; }

    /// <summary>The process that was added to the container. Null with its first process.</summary>
    public string? ExecId { get; internal set; }

    /// <summary>Whether it is about a process that was added to a container: its end is not the container's.</summary>
    public bool IsExec => ExecId is not null;

    /// <summary>Id of the process on the daemon's machine.</summary>
    public long? ProcessId { get; internal set; }

    /// <summary>How the process or the sandbox ended: 0 to 255; 128 and the signal's number where a signal ended it.</summary>
    public int? ExitCode { get; internal set; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? ExitedAt { get; internal set; }

    /// <summary>Name of the image: that the event is about, or that the container was made from.</summary>
    public string? Image { get; internal set; }

    /// <summary>The pod's sandbox.</summary>
    public string? SandboxId { get; internal set; }

    /// <summary>Digest of the blob.</summary>
    public string? Digest { get; internal set; }

    /// <summary>Bytes of the blob.</summary>
    public long? Size { get; internal set; }

    /// <summary>Key of the snapshot.</summary>
    public string? SnapshotKey { get; internal set; }

    /// <summary>The snapshotter, from containerd 1.7 on.</summary>
    public string? Snapshotter { get; internal set; }

    /// <summary>What Kubernetes means the container to be.</summary>
    public CtrContainerKind ContainerKind { get; internal set; }

    /// <summary>Name of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodName { get; internal set; }

    /// <summary>Kubernetes' namespace of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodNamespace { get; internal set; }

    /// <summary>Uid of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodUid { get; internal set; }

    /// <summary>The container's name in its pod. Null where it is not Kubernetes', or a sandbox.</summary>
    public string? ContainerName { get; internal set; }

    /// <summary>Labels: of the container, or those that the event brings. Null where there are none to tell.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; internal set => field = CtrMap.Of(value); }

    /// <summary>With a gap: since when nothing was seen.</summary>
    public DateTimeOffset? From { get; internal set; }

    /// <summary>With a gap: from when on events are seen again. Null: not any more.</summary>
    public DateTimeOffset? To { get; internal set; }

    /// <summary>With a gap: why.</summary>
    public string? Reason { get; internal set; }

    /// <summary>
    /// All that the daemon sent, in a type of its topic; <see cref="CtrUnknownPayload"/> for types that the module does not know. Null with a gap.
    /// </summary>
    public CtrEventPayload? Payload { get; internal set; }

    /// <summary>The topic.</summary>
    public override string ToString() => Topic;
}
