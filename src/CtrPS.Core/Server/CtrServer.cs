namespace CtrPS;

/// <summary>A containerd daemon.</summary>
public sealed class CtrServer
{
    internal CtrServer()
    {
    }

    /// <summary>Where it listens.</summary>
    public string Address { get; internal set; } = null!;

    /// <summary>Its version as it says it, such as <c>1.7.24~ds1</c> or <c>v2.1.5</c>.</summary>
    public string Version { get; internal set; } = null!;

    /// <summary>The source revision it was built from; empty where the build does not say.</summary>
    public string Revision { get; internal set; } = null!;

    /// <summary>Identifies the daemon's root folder, and so the daemon over restarts.</summary>
    public string Uuid { get; internal set; } = null!;

    /// <summary>The daemon's process id in its own PID namespace. Null before containerd 1.7.</summary>
    public long? ProcessId { get; internal set; }

    /// <summary>What the daemon's configuration or clients still use and a later version drops. Empty where the server does not say.</summary>
    public IReadOnlyList<CtrDeprecation> Deprecations { get; internal set => field = CtrList.Of(value); } = CtrList<CtrDeprecation>.Empty;

    /// <summary>The inode of the daemon's PID namespace. Null before containerd 1.7.</summary>
    internal ulong? ProcessNamespace { get; set; }

    internal CtrSession? Session { get; set; }

    /// <summary>The address and version.</summary>
    public override string ToString() => $"{Address} ({Version})";
}

/// <summary>A warning of the daemon about something deprecated that is in use.</summary>
public sealed class CtrDeprecation
{
    internal CtrDeprecation()
    {
    }

    /// <summary>Stable id, such as <c>io.containerd.deprecation/cri-registry-mirrors</c>.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>What is deprecated and what to use instead.</summary>
    public string Message { get; internal set; } = null!;

    /// <summary>When it was seen last. Null when the server does not say.</summary>
    public DateTimeOffset? LastOccurrence { get; internal set; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
