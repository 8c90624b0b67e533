namespace CtrPS;

/// <summary>How a plugin of containerd came up.</summary>
public enum CtrPluginStatus : long
{
    /// <summary>It works.</summary>
    Ok,

    /// <summary>It was skipped: not configured, or not for this machine. <see cref="CtrPlugin.Reason"/> says why.</summary>
    Skip,

    /// <summary>It failed. <see cref="CtrPlugin.Reason"/> says why.</summary>
    Error,
}

/// <summary>A plugin of the daemon.</summary>
public sealed class CtrPlugin
{
    internal CtrPlugin()
    {
    }

    /// <summary>The kind, such as <c>io.containerd.snapshotter.v1</c>.</summary>
    public string Type { get; internal set; } = null!;

    /// <summary>The name within its kind, such as <c>overlayfs</c>.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>How it came up.</summary>
    public CtrPluginStatus Status { get; internal set; }

    /// <summary>Why it was skipped or failed, in the server's words. Null when it works.</summary>
    public string? Reason { get; internal set; }

    /// <summary>The platforms that it works for.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<CtrPlatform>.Empty;

    /// <summary>What it can do, such as <c>rebase</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The kinds of plugins that it needs.</summary>
    public IReadOnlyList<string> Requires { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Values that it publishes, such as <c>root</c>, the folder of a snapshotter.</summary>
    public IReadOnlyDictionary<string, string> Exports { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    internal CtrSession? Session { get; set; }

    /// <summary>Kind and name.</summary>
    public override string ToString() => $"{Type}/{Id}";
}
