using Containerd.Services.Containers.V1;
using CtrPS.Client.Images;
using CtrPS.Client.Transport;

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
            CreatedAt = Records.ToTime(container.CreatedAt),
            UpdatedAt = Records.ToTime(container.UpdatedAt),
            Kind = kind,
            PodName = Label(PodNameLabel),
            PodNamespace = Label(PodNamespaceLabel),
            PodUid = Label(PodUidLabel),
            ContainerName = kind == CtrContainerKind.Sandbox ? null : Label(ContainerNameLabel),
            Sandbox = container.Sandbox,
        };

        string? Label(string key) => container.Labels.TryGetValue(key, out string? value) ? value : null;
    }
}
