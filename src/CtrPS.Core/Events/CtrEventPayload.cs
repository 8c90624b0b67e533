namespace CtrPS;

/// <summary>What the daemon sent with an event. The properties are those of containerd's messages (api/events/*.proto).</summary>
public abstract class CtrEventPayload
{
    private protected CtrEventPayload()
    {
    }

    /// <summary>The properties, as <c>Name=value</c>.</summary>
    public override string ToString() =>
        string.Join(", ", GetType().GetProperties().Select(property => $"{property.Name}={property.GetValue(this)}"));
}

/// <summary>A payload of a type that the module does not know.</summary>
public sealed class CtrUnknownPayload(string typeUrl, IReadOnlyList<byte> bytes, string? text) : CtrEventPayload
{
    /// <summary>The type's name on the wire.</summary>
    public string TypeUrl { get; } = typeUrl;

    /// <summary>The value as it came.</summary>
    public IReadOnlyList<byte> Bytes { get; } = CtrList.Of(bytes);

    /// <summary>The value as text, where it is JSON. Null where it is not.</summary>
    public string? Text { get; } = text;
}

/// <summary>/namespaces/create, /namespaces/update.</summary>
public sealed class CtrNamespacePayload(string name, IReadOnlyDictionary<string, string> labels) : CtrEventPayload
{
    /// <summary>The namespace.</summary>
    public string Name { get; } = name;

    /// <summary>Its labels, or those that changed.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = CtrMap.Of(labels);
}

/// <summary>/namespaces/delete.</summary>
public sealed class CtrNamespaceDeletePayload(string name) : CtrEventPayload
{
    /// <summary>The namespace.</summary>
    public string Name { get; } = name;
}

/// <summary>/containers/create.</summary>
public sealed class CtrContainerCreatePayload(string id, string image, string runtime) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string Id { get; } = id;

    /// <summary>Name of its image. Empty: none.</summary>
    public string Image { get; } = image;

    /// <summary>Its runtime.</summary>
    public string Runtime { get; } = runtime;
}

/// <summary>/containers/update.</summary>
public sealed class CtrContainerUpdatePayload(
    string id,
    string image,
    IReadOnlyDictionary<string, string> labels,
    string snapshotKey) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string Id { get; } = id;

    /// <summary>Name of its image. Empty: none.</summary>
    public string Image { get; } = image;

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = CtrMap.Of(labels);

    /// <summary>Its snapshot.</summary>
    public string SnapshotKey { get; } = snapshotKey;
}

/// <summary>/containers/delete.</summary>
public sealed class CtrContainerDeletePayload(string id) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string Id { get; } = id;
}

/// <summary>/content/create, from containerd 2.0 on.</summary>
public sealed class CtrContentCreatePayload(string digest, long size, string mediaType) : CtrEventPayload
{
    /// <summary>The blob.</summary>
    public string Digest { get; } = digest;

    /// <summary>Its bytes.</summary>
    public long Size { get; } = size;

    /// <summary>Its media type, from containerd 2.4 on. Empty before.</summary>
    public string MediaType { get; } = mediaType;
}

/// <summary>/content/delete. Not sent for what the garbage collector removes.</summary>
public sealed class CtrContentDeletePayload(string digest) : CtrEventPayload
{
    /// <summary>The blob.</summary>
    public string Digest { get; } = digest;
}

/// <summary>/images/create, /images/update.</summary>
public sealed class CtrImagePayload(string name, IReadOnlyDictionary<string, string> labels) : CtrEventPayload
{
    /// <summary>The image.</summary>
    public string Name { get; } = name;

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = CtrMap.Of(labels);
}

/// <summary>/images/delete.</summary>
public sealed class CtrImageDeletePayload(string name) : CtrEventPayload
{
    /// <summary>The image.</summary>
    public string Name { get; } = name;
}

/// <summary>/snapshot/prepare.</summary>
public sealed class CtrSnapshotPreparePayload(string key, string parent, string snapshotter) : CtrEventPayload
{
    /// <summary>The snapshot.</summary>
    public string Key { get; } = key;

    /// <summary>What it stands on. Empty: nothing.</summary>
    public string Parent { get; } = parent;

    /// <summary>The snapshotter, from containerd 1.7 on. Empty before.</summary>
    public string Snapshotter { get; } = snapshotter;
}

/// <summary>/snapshot/commit.</summary>
public sealed class CtrSnapshotCommitPayload(string key, string name, string snapshotter) : CtrEventPayload
{
    /// <summary>The active snapshot that ends.</summary>
    public string Key { get; } = key;

    /// <summary>The committed one that begins.</summary>
    public string Name { get; } = name;

    /// <summary>The snapshotter, from containerd 1.7 on. Empty before.</summary>
    public string Snapshotter { get; } = snapshotter;
}

/// <summary>/snapshot/remove.</summary>
public sealed class CtrSnapshotRemovePayload(string key, string snapshotter) : CtrEventPayload
{
    /// <summary>The snapshot.</summary>
    public string Key { get; } = key;

    /// <summary>The snapshotter, from containerd 1.7 on. Empty before.</summary>
    public string Snapshotter { get; } = snapshotter;
}

/// <summary>/tasks/create.</summary>
public sealed class CtrTaskCreatePayload(
    string containerId,
    string bundle,
    long processId,
    string checkpoint,
    string standardInput,
    string standardOutput,
    string standardError,
    bool terminal) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;

    /// <summary>The task's folder on the daemon's machine.</summary>
    public string Bundle { get; } = bundle;

    /// <summary>Its first process.</summary>
    public long ProcessId { get; } = processId;

    /// <summary>Digest of the checkpoint that it was restored from. Empty: none.</summary>
    public string Checkpoint { get; } = checkpoint;

    /// <summary>Where its standard input comes from. Empty: nowhere.</summary>
    public string StandardInput { get; } = standardInput;

    /// <summary>Where its standard output goes to. Empty: nowhere.</summary>
    public string StandardOutput { get; } = standardOutput;

    /// <summary>Where its standard error goes to. Empty: nowhere.</summary>
    public string StandardError { get; } = standardError;

    /// <summary>Whether it has a terminal.</summary>
    public bool Terminal { get; } = terminal;
}

/// <summary>/tasks/start.</summary>
public sealed class CtrTaskStartPayload(string containerId, long processId) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;

    /// <summary>Its first process.</summary>
    public long ProcessId { get; } = processId;
}

/// <summary>/tasks/exit, /tasks/delete.</summary>
public sealed class CtrTaskExitPayload(string containerId, string id, long processId, int exitCode, DateTimeOffset? exitedAt) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;

    /// <summary>The process: the container's id or nothing for its first one, else that of an added one.</summary>
    public string Id { get; } = id;

    /// <summary>Its id on the daemon's machine.</summary>
    public long ProcessId { get; } = processId;

    /// <summary>How it ended.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>When it ended.</summary>
    public DateTimeOffset? ExitedAt { get; } = exitedAt;
}

/// <summary>/tasks/oom: the kernel ended a process for want of memory.</summary>
public sealed class CtrTaskOomPayload(string containerId) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;
}

/// <summary>/tasks/exec-added, /tasks/exec-started.</summary>
public sealed class CtrTaskExecPayload(string containerId, string execId, long processId) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;

    /// <summary>The process.</summary>
    public string ExecId { get; } = execId;

    /// <summary>Its id on the daemon's machine. 0 until it is started.</summary>
    public long ProcessId { get; } = processId;
}

/// <summary>/tasks/paused, /tasks/resumed.</summary>
public sealed class CtrTaskPausePayload(string containerId) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;
}

/// <summary>/tasks/checkpointed.</summary>
public sealed class CtrTaskCheckpointPayload(string containerId, string checkpoint) : CtrEventPayload
{
    /// <summary>The container.</summary>
    public string ContainerId { get; } = containerId;

    /// <summary>The checkpoint.</summary>
    public string Checkpoint { get; } = checkpoint;
}

/// <summary>/sandboxes/create, /sandboxes/start.</summary>
public sealed class CtrSandboxPayload(string sandboxId) : CtrEventPayload
{
    /// <summary>The sandbox.</summary>
    public string SandboxId { get; } = sandboxId;
}

/// <summary>/sandboxes/exit.</summary>
public sealed class CtrSandboxExitPayload(string sandboxId, int exitCode, DateTimeOffset? exitedAt) : CtrEventPayload
{
    /// <summary>The sandbox.</summary>
    public string SandboxId { get; } = sandboxId;

    /// <summary>How it ended.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>When it ended.</summary>
    public DateTimeOffset? ExitedAt { get; } = exitedAt;
}
