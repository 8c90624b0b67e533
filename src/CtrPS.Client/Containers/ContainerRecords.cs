using System.Text.Json.Nodes;
using Containerd.Services.Containers.V1;
using CtrPS.Client.Connection;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Containers;

/// <summary>Turns the wire's container records into the module's.</summary>
internal static class ContainerRecords
{
    // CRI's labels (pkg/cri/server/helpers.go, kubelet's types.go).
    private const string KindLabel = "io.cri-containerd.kind";
    private const string PodNameLabel = "io.kubernetes.pod.name";
    private const string PodNamespaceLabel = "io.kubernetes.pod.namespace";
    private const string PodUidLabel = "io.kubernetes.pod.uid";
    private const string ContainerNameLabel = "io.kubernetes.container.name";

    /// <summary>Type of the runtime spec, whose bytes are JSON.</summary>
    public const string SpecUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

    public static CtrContainer ToContainer(Container container, CtrTask? task, string @namespace)
    {
        CtrContainerKind kind = Label(KindLabel) switch
        {
            "container" => CtrContainerKind.Container,
            "sandbox" => CtrContainerKind.Sandbox,
            _ => CtrContainerKind.None,
        };
        return new CtrContainer
        {
            Namespace = @namespace,
            Id = container.Id,
            Image = container.Image,
            State = task?.State ?? CtrTaskState.None,
            ProcessId = task?.ProcessId,
            ExitCode = task?.ExitCode,
            ExitedAt = task?.ExitedAt,
            Runtime = container.Runtime?.Name ?? "",
            Snapshotter = container.Snapshotter,
            SnapshotKey = container.SnapshotKey,
            Labels = SortedMap.From(container.Labels),
            CreatedAt = WireTime.ToTime(container.CreatedAt),
            UpdatedAt = WireTime.ToTime(container.UpdatedAt),
            Kind = kind,
            PodName = Label(PodNameLabel),
            PodNamespace = Label(PodNamespaceLabel),
            PodUid = Label(PodUidLabel),
            ContainerName = kind == CtrContainerKind.Sandbox ? null : Label(ContainerNameLabel),
            Sandbox = container.Sandbox,
            ExtensionValues = container.Extensions.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(
                pair => pair.Key, pair => ToExtension(pair.Value), StringComparer.Ordinal),
            RuntimeOptions = container.Runtime?.Options is { } options ? ToExtension(options) : null,
            Record = () => ToJson(container),
            SpecJson = container.Spec?.TypeUrl == SpecUrl ? container.Spec.Value.Memory : default,
        };

        string? Label(string key) => container.Labels.TryGetValue(key, out string? value) ? value : null;
    }

    /// <summary>The record by the names of Go's fields (containers.Container), as <c>ctr containers info</c> prints it.</summary>
    private static JsonObject ToJson(Container container)
    {
        var record = new JsonObject
        {
            ["ID"] = container.Id,
            ["Labels"] = RecordJson.Map(SortedMap.From(container.Labels)),
            ["Image"] = container.Image,
            ["Runtime"] = new JsonObject { ["Name"] = container.Runtime?.Name ?? "", ["Options"] = GoJson.Of(container.Runtime?.Options) },
            ["SnapshotKey"] = container.SnapshotKey,
            ["Snapshotter"] = container.Snapshotter,
            ["CreatedAt"] = GoJson.Of(container.CreatedAt),
            ["UpdatedAt"] = GoJson.Of(container.UpdatedAt),
            ["Extensions"] = new JsonObject(container.Extensions
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)GoJson.Of(pair.Value)))),
            ["SandboxID"] = container.Sandbox,
        };
        if (container.Spec is { } spec)
        {
            record["Spec"] = spec.TypeUrl == SpecUrl ? CtrSpecObject.Read(spec.Value.ToStringUtf8(), "spec") : GoJson.Of(spec);
        }

        return record;
    }

    private static CtrExtension ToExtension(Any any) => new(any.TypeUrl, any.Value.ToByteArray());
}
