using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A container of containerd: what a task is started from, with the state of its task.</summary>
public sealed class CtrContainer : CtrObject
{
    private CtrSpec? _spec;

    internal CtrContainer()
    {
    }

    /// <summary>The id, unique in its namespace.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>Name of the image that it was made from. Empty: none.</summary>
    public string Image { get; internal set; } = null!;

    /// <summary>State of its task. <see cref="CtrTaskState.None"/>: it has none.</summary>
    public CtrTaskState State { get; internal set; }

    /// <summary>Id of the task's first process on the daemon's machine. Null where there is no task.</summary>
    public long? ProcessId { get; internal set; }

    /// <summary>How its task ended. Null while it has not, and where there is none.</summary>
    public int? ExitCode { get; internal set; }

    /// <summary>When its task ended. Null while it has not, and where there is none.</summary>
    public DateTimeOffset? ExitedAt { get; internal set; }

    /// <summary>The runtime, such as <c>io.containerd.runc.v2</c>.</summary>
    public string Runtime { get; internal set; } = null!;

    /// <summary>The snapshotter of its file system. Empty: it has no snapshot.</summary>
    public string Snapshotter { get; internal set; } = null!;

    /// <summary>The snapshot that is its file system. Empty: it has none.</summary>
    public string SnapshotKey { get; internal set; } = null!;

    /// <summary>Bytes on the disk of its snapshot, without the image. Null where that was not asked for, or it has none.</summary>
    public long? Size { get; internal set; }

    /// <summary>Labels of the container.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; internal set; }

    /// <summary>When its record was changed last.</summary>
    public DateTimeOffset? UpdatedAt { get; internal set; }

    /// <summary>What Kubernetes means it to be.</summary>
    public CtrContainerKind Kind { get; internal set; }

    /// <summary>Name of its pod. Null where it is not Kubernetes'.</summary>
    public string? PodName { get; internal set; }

    /// <summary>Kubernetes' namespace of its pod. Null where it is not Kubernetes'.</summary>
    public string? PodNamespace { get; internal set; }

    /// <summary>Uid of its pod. Null where it is not Kubernetes'.</summary>
    public string? PodUid { get; internal set; }

    /// <summary>Its name in the pod. Null where it is not Kubernetes', or a sandbox.</summary>
    public string? ContainerName { get; internal set; }

    /// <summary>The sandbox it belongs to, as containerd 1.7 and later keep it. Empty: none.</summary>
    public string Sandbox { get; internal set; } = "";

    /// <summary>What further programs keep on the record: name to type. <see cref="GetExtension"/> gives the value.</summary>
    public IReadOnlyDictionary<string, string> Extensions =>
        CtrMap.Of(ExtensionValues.Select(one => KeyValuePair.Create(one.Key, one.Value.TypeUrl)));

    /// <summary>The options of the runtime, as they were given to it. Null: none.</summary>
    public CtrExtension? RuntimeOptions { get; internal set; }

    /// <summary>The program and its arguments, out of the spec. Empty where the record has no spec.</summary>
    public IReadOnlyList<string> Command => CtrList.Of(Spec?.Process.Args) ?? CtrList<string>.Empty;

    /// <summary>The environment, <c>NAME=value</c> each, out of the spec. Empty where the record has no spec.</summary>
    public IReadOnlyList<string> Environment => CtrList.Of(Spec?.Process.Env) ?? CtrList<string>.Empty;

    /// <summary>What is mounted, out of the spec, as <c>New-CtrContainer -Mount</c> takes it. Empty where the record has no spec.</summary>
    public IReadOnlyList<string> Mounts => CtrList.Of(Spec?.Mounts.Select(mount => mount.ToString())) ?? CtrList<string>.Empty;

    /// <summary>What further programs keep on the record: name to value.</summary>
    internal IReadOnlyDictionary<string, CtrExtension> ExtensionValues { get; set; } = CtrMap<CtrExtension>.Empty;

    /// <summary>What <see cref="ToJson()"/> writes.</summary>
    internal Func<JsonObject>? Record { get; set; }

    /// <summary>What <see cref="GetSpec"/> gives.</summary>
    internal CtrSpec? Spec => _spec ??= ReadSpec();

    /// <summary>The spec as the record holds it. Empty: none.</summary>
    internal ReadOnlyMemory<byte> SpecJson { get; set; }

    /// <summary>
    /// The OCI runtime spec: a new one each time, whose change changes nothing in containerd. Null where the record has none. A method, as what goes
    /// that deep has no place in a table or in ConvertTo-Json.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>: what the record holds is no JSON.</exception>
    public CtrSpec? GetSpec() => ReadSpec();

    /// <summary>The record as <c>ctr containers info</c> prints it, on one line.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record as <c>ctr containers info</c> prints it.</summary>
    /// <param name="indented">On several lines, for people.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>: what the record holds as spec is no JSON.</exception>
    public string ToJson(bool indented) => RecordJson.Text(Record?.Invoke() ?? [], indented);

    /// <summary>What a further program keeps on the record. Null where there is none of that name.</summary>
    public CtrExtension? GetExtension(string name) => ExtensionValues.GetValueOrDefault(name);

    /// <summary>The id.</summary>
    public override string ToString() => Id;

    private CtrSpec? ReadSpec() => SpecJson.IsEmpty ? null : CtrSpec.Parse(System.Text.Encoding.UTF8.GetString(SpecJson.Span));
}
