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

    /// <summary>The platforms that it works for, such as <c>linux/amd64</c>.</summary>
    public IReadOnlyList<string> Platforms => CtrList.Of(PlatformValues.Select(platform => platform.ToString()));

    /// <summary>What it can do, such as <c>rebase</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The kinds of plugins that it needs.</summary>
    public IReadOnlyList<string> Requires { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Values that it publishes, such as <c>root</c>, the folder of a snapshotter.</summary>
    public IReadOnlyDictionary<string, string> Exports { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The platforms that it works for.</summary>
    internal IReadOnlyList<CtrPlatform> PlatformValues { get; set; } = [];

    /// <summary>Where the containerd listens that the plugin is of. Null where it is not known.</summary>
    public string? Address => Session?.Address;

    internal CtrSession? Session { get; set; }

    /// <summary>The record by the names of containerd's API, on one line. ctr has no JSON of a plugin.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record by the names of containerd's API. ctr has no JSON of a plugin.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(
        RecordJson.Filled(
            ("type", Type),
            ("id", Id),
            ("requires", RecordJson.List(Requires)),
            ("platforms", RecordJson.List(Platforms)),
            ("exports", RecordJson.Map(Exports)),
            ("capabilities", RecordJson.List(Capabilities)),
            ("init_err", Reason is null ? null : RecordJson.Filled(("message", Reason)))),
        indented);

    /// <summary>Kind and name.</summary>
    public override string ToString() => $"{Type}/{Id}";
}
