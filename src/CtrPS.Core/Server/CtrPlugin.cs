namespace CtrPS;

/// <summary>How a plugin of containerd came up.</summary>
public enum CtrPluginStatus
{
    /// <summary>It works.</summary>
    Ok,

    /// <summary>It was skipped: not configured, or not for this machine. <see cref="CtrPlugin.Reason"/> says why.</summary>
    Skip,

    /// <summary>It failed. <see cref="CtrPlugin.Reason"/> says why.</summary>
    Error,
}

/// <summary>A plugin of the daemon.</summary>
public sealed record CtrPlugin
{
    /// <summary>The kind, such as <c>io.containerd.snapshotter.v1</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The name within its kind, such as <c>overlayfs</c>.</summary>
    public required string Id { get; init; }

    /// <summary>How it came up.</summary>
    public required CtrPluginStatus Status { get; init; }

    /// <summary>Why it was skipped or failed, in the server's words. Null when it works.</summary>
    public string? Reason { get; init; }

    /// <summary>The platforms that it works for.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>What it can do, such as <c>rebase</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>The kinds of plugins that it needs.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Values that it publishes, such as <c>root</c>, the folder of a snapshotter.</summary>
    public required IReadOnlyDictionary<string, string> Exports { get; init; }

    /// <summary>Where the containerd listens that the plugin is of. Null where it is not known.</summary>
    public string? Address => Session?.Address;

    internal CtrSession? Session { get; set; }

    /// <summary>Kind and name.</summary>
    public override string ToString() => $"{Type}/{Id}";
}
