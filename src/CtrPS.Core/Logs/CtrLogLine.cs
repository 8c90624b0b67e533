namespace CtrPS;

/// <summary>A line of a container's log.</summary>
public sealed record CtrLogLine
{
    /// <summary>When it was written; of a line that was written in pieces, the first. Null where the log does not say.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Standard output or error.</summary>
    public CtrLogStream Stream { get; init; }

    /// <summary>The line, without its end.</summary>
    public required string Text { get; init; }

    /// <summary>The container. Null where a file was read by itself.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The containerd namespace of the container. Null where a file was read by itself.</summary>
    public string? Namespace { get; init; }

    /// <summary>Where the containerd of the container listens. Null where a file was read by itself.</summary>
    public string? Address { get; init; }

    /// <summary>Name of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodName { get; init; }

    /// <summary>Kubernetes' namespace of the container's pod. Null where it is not Kubernetes'.</summary>
    public string? PodNamespace { get; init; }

    /// <summary>The container's name in its pod. Null where it is not Kubernetes'.</summary>
    public string? ContainerName { get; init; }

    /// <summary>The file that it stands in.</summary>
    public required string Path { get; init; }

    /// <summary>The line.</summary>
    public override string ToString() => Text;
}
