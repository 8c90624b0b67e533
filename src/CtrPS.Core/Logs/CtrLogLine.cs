namespace CtrPS;

/// <summary>A line of a container's log.</summary>
public sealed class CtrLogLine
{
    internal CtrLogLine()
    {
    }

    /// <summary>When it was written; of a line that was written in pieces, the first. Null where the log does not say.</summary>
    public DateTimeOffset? Time { get; internal set; }

    /// <summary>Standard output or error.</summary>
    public CtrLogStream Stream { get; internal set; }

    /// <summary>The line, without its end.</summary>
    public string Text { get; internal set; } = null!;

    /// <summary>The container. Null where a file was read by itself.</summary>
    public string? ContainerId { get; internal set; }

    /// <summary>The containerd namespace of the container. Null where a file was read by itself.</summary>
    public string? Namespace { get; internal set; }

    /// <summary>Where the containerd of the container listens. Null where a file was read by itself.</summary>
    public string? Address { get; internal set; }

    /// <summary>Name of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodName { get; internal set; }

    /// <summary>Kubernetes' namespace of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodNamespace { get; internal set; }

    /// <summary>The container's name in its pod. Null where it is not Kubernetes'.</summary>
    public string? ContainerName { get; internal set; }

    /// <summary>The file that it stands in.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>The line.</summary>
    public override string ToString() => Text;
}
