namespace CtrPS;

/// <summary>A containerd daemon.</summary>
public sealed record CtrServer
{
    /// <summary>Where it listens.</summary>
    public required string Address { get; init; }

    /// <summary>Its version as it says it, such as <c>1.7.24~ds1</c> or <c>v2.1.5</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The source revision it was built from; empty where the build does not say.</summary>
    public required string Revision { get; init; }

    /// <summary>Identifies the daemon's root folder, and so the daemon over restarts.</summary>
    public required string Uuid { get; init; }

    /// <summary>The daemon's process id in its own PID namespace. Null before containerd 1.7.</summary>
    public long? ProcessId { get; init; }

    /// <summary>What the daemon's configuration or clients still use and a later version drops. Empty where the server does not say.</summary>
    public IReadOnlyList<CtrDeprecation> Deprecations { get; init; } = [];

    /// <summary>The inode of the daemon's PID namespace. Null before containerd 1.7.</summary>
    internal ulong? ProcessNamespace { get; init; }

    internal CtrSession? Session { get; set; }

    /// <summary>The address and version.</summary>
    public override string ToString() => $"{Address} ({Version})";
}

/// <summary>A warning of the daemon about something deprecated that is in use.</summary>
public sealed record CtrDeprecation
{
    /// <summary>Stable id, such as <c>io.containerd.deprecation/cri-registry-mirrors</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What is deprecated and what to use instead.</summary>
    public required string Message { get; init; }

    /// <summary>When it was seen last. Null when the server does not say.</summary>
    public DateTimeOffset? LastOccurrence { get; init; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
