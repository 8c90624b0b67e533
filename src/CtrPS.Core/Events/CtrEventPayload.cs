namespace CtrPS;

/// <summary>What the daemon sent with an event. The properties are those of containerd's messages (api/events/*.proto).</summary>
public abstract record CtrEventPayload;

/// <summary>A payload of a type that the module does not know.</summary>
/// <param name="TypeUrl">The type's name on the wire.</param>
/// <param name="Bytes">The value as it came.</param>
/// <param name="Text">The value as text, where it is JSON. Null where it is not.</param>
public sealed record CtrUnknownPayload(string TypeUrl, IReadOnlyList<byte> Bytes, string? Text) : CtrEventPayload;

/// <summary>/namespaces/create, /namespaces/update.</summary>
/// <param name="Name">The namespace.</param>
/// <param name="Labels">Its labels, or those that changed.</param>
public sealed record CtrNamespacePayload(string Name, IReadOnlyDictionary<string, string> Labels) : CtrEventPayload;

/// <summary>/namespaces/delete.</summary>
/// <param name="Name">The namespace.</param>
public sealed record CtrNamespaceDeletePayload(string Name) : CtrEventPayload;

/// <summary>/containers/create.</summary>
/// <param name="Id">The container.</param>
/// <param name="Image">Name of its image. Empty: none.</param>
/// <param name="Runtime">Its runtime.</param>
public sealed record CtrContainerCreatePayload(string Id, string Image, string Runtime) : CtrEventPayload;

/// <summary>/containers/update.</summary>
/// <param name="Id">The container.</param>
/// <param name="Image">Name of its image. Empty: none.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="SnapshotKey">Its snapshot.</param>
public sealed record CtrContainerUpdatePayload(
    string Id, string Image, IReadOnlyDictionary<string, string> Labels, string SnapshotKey) : CtrEventPayload;

/// <summary>/containers/delete.</summary>
/// <param name="Id">The container.</param>
public sealed record CtrContainerDeletePayload(string Id) : CtrEventPayload;

/// <summary>/content/create, from containerd 2.0 on.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="MediaType">Its media type, from containerd 2.4 on. Empty before.</param>
public sealed record CtrContentCreatePayload(string Digest, long Size, string MediaType) : CtrEventPayload;

/// <summary>/content/delete. Not sent for what the garbage collector removes.</summary>
/// <param name="Digest">The blob.</param>
public sealed record CtrContentDeletePayload(string Digest) : CtrEventPayload;

/// <summary>/images/create, /images/update.</summary>
/// <param name="Name">The image.</param>
/// <param name="Labels">Its labels.</param>
public sealed record CtrImagePayload(string Name, IReadOnlyDictionary<string, string> Labels) : CtrEventPayload;

/// <summary>/images/delete.</summary>
/// <param name="Name">The image.</param>
public sealed record CtrImageDeletePayload(string Name) : CtrEventPayload;

/// <summary>/snapshot/prepare.</summary>
/// <param name="Key">The snapshot.</param>
/// <param name="Parent">What it stands on. Empty: nothing.</param>
/// <param name="Snapshotter">The snapshotter, from containerd 1.7 on. Empty before.</param>
public sealed record CtrSnapshotPreparePayload(string Key, string Parent, string Snapshotter) : CtrEventPayload;

/// <summary>/snapshot/commit.</summary>
/// <param name="Key">The active snapshot that ends.</param>
/// <param name="Name">The committed one that begins.</param>
/// <param name="Snapshotter">The snapshotter, from containerd 1.7 on. Empty before.</param>
public sealed record CtrSnapshotCommitPayload(string Key, string Name, string Snapshotter) : CtrEventPayload;

/// <summary>/snapshot/remove.</summary>
/// <param name="Key">The snapshot.</param>
/// <param name="Snapshotter">The snapshotter, from containerd 1.7 on. Empty before.</param>
public sealed record CtrSnapshotRemovePayload(string Key, string Snapshotter) : CtrEventPayload;

/// <summary>/tasks/create.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="Bundle">The task's folder on the daemon's machine.</param>
/// <param name="ProcessId">Its first process.</param>
/// <param name="Checkpoint">Digest of the checkpoint that it was restored from. Empty: none.</param>
/// <param name="StandardInput">Where its standard input comes from. Empty: nowhere.</param>
/// <param name="StandardOutput">Where its standard output goes to. Empty: nowhere.</param>
/// <param name="StandardError">Where its standard error goes to. Empty: nowhere.</param>
/// <param name="Terminal">Whether it has a terminal.</param>
public sealed record CtrTaskCreatePayload(
    string ContainerId,
    string Bundle,
    long ProcessId,
    string Checkpoint,
    string StandardInput,
    string StandardOutput,
    string StandardError,
    bool Terminal) : CtrEventPayload;

/// <summary>/tasks/start.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="ProcessId">Its first process.</param>
public sealed record CtrTaskStartPayload(string ContainerId, long ProcessId) : CtrEventPayload;

/// <summary>/tasks/exit, /tasks/delete.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="Id">The process: the container's id or nothing for its first one, else that of an added one.</param>
/// <param name="ProcessId">Its id on the daemon's machine.</param>
/// <param name="ExitCode">How it ended.</param>
/// <param name="ExitedAt">When it ended.</param>
public sealed record CtrTaskExitPayload(string ContainerId, string Id, long ProcessId, int ExitCode, DateTimeOffset? ExitedAt) : CtrEventPayload;

/// <summary>/tasks/oom: the kernel ended a process for want of memory.</summary>
/// <param name="ContainerId">The container.</param>
public sealed record CtrTaskOomPayload(string ContainerId) : CtrEventPayload;

/// <summary>/tasks/exec-added, /tasks/exec-started.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="ExecId">The process.</param>
/// <param name="ProcessId">Its id on the daemon's machine. 0 until it is started.</param>
public sealed record CtrTaskExecPayload(string ContainerId, string ExecId, long ProcessId) : CtrEventPayload;

/// <summary>/tasks/paused, /tasks/resumed.</summary>
/// <param name="ContainerId">The container.</param>
public sealed record CtrTaskPausePayload(string ContainerId) : CtrEventPayload;

/// <summary>/tasks/checkpointed.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="Checkpoint">The checkpoint.</param>
public sealed record CtrTaskCheckpointPayload(string ContainerId, string Checkpoint) : CtrEventPayload;

/// <summary>/sandboxes/create, /sandboxes/start.</summary>
/// <param name="SandboxId">The sandbox.</param>
public sealed record CtrSandboxPayload(string SandboxId) : CtrEventPayload;

/// <summary>/sandboxes/exit.</summary>
/// <param name="SandboxId">The sandbox.</param>
/// <param name="ExitCode">How it ended.</param>
/// <param name="ExitedAt">When it ended.</param>
public sealed record CtrSandboxExitPayload(string SandboxId, int ExitCode, DateTimeOffset? ExitedAt) : CtrEventPayload;
