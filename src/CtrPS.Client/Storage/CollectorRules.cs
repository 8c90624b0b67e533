using System.Text.RegularExpressions;

namespace CtrPS.Client.Storage;

/// <summary>In what the garbage collectors of containerd's generations differ (metadata/gc.go of 1.6.20, 1.7.24, 2.1.4, 2.2.0).</summary>
/// <param name="TakesImages">Since 2.0: images have an end of their own, labels refer to images, and leases hold them.</param>
/// <param name="FollowsBackReferences">Since 2.2: what names its keeper in a label is kept with it; gc.root may have a suffix.</param>
internal sealed partial record CollectorRules(bool TakesImages, bool FollowsBackReferences)
{
    /// <summary>How long an unfinished write is kept that was not begun under a lease (metadata/content.go).</summary>
    public static readonly TimeSpan IngestLifetime = TimeSpan.FromHours(24);

    /// <summary>Those of a server. One whose version is no version counts as the newest.</summary>
    public static CollectorRules Of(string serverVersion)
    {
        Match match = VersionPattern().Match(serverVersion);
        (int major, int minor) = match.Success
            ? (int.Parse(match.Groups[1].ValueSpan, null), int.Parse(match.Groups[2].ValueSpan, null))
            : (int.MaxValue, 0);
        return new CollectorRules(major >= 2, (major, minor).CompareTo((2, 2)) >= 0);
    }

    /// <summary>Whether a label makes what has it a root.</summary>
    public bool IsRootLabel(string key) =>
        FollowsBackReferences ? key.StartsWith(CollectorLabels.Root, StringComparison.Ordinal) : key == CollectorLabels.Root;

    /// <summary>What a label refers to. Null where it is no reference.</summary>
    public GraphNode? Reference(string @namespace, string key, string value)
    {
        if (key.StartsWith(CollectorLabels.Snapshot, StringComparison.Ordinal))
        {
            return new GraphNode(CtrResourceKind.Snapshot, @namespace, value, key[CollectorLabels.Snapshot.Length..].Split('/', 2)[0]);
        }

        return IsNamed(key, CollectorLabels.Content) ? new GraphNode(CtrResourceKind.Content, @namespace, value)
            : TakesImages && IsNamed(key, CollectorLabels.Image) ? new GraphNode(CtrResourceKind.Image, @namespace, value)
            : null;
    }

    /// <summary>Whom a label names as the keeper of what has it. Null where it names none.</summary>
    public GraphNode? BackReference(string @namespace, string key, string value)
    {
        const string SnapshotBack = CollectorLabels.Back + "snapshot.";
        return !FollowsBackReferences ? null
            : key.StartsWith(SnapshotBack, StringComparison.Ordinal)
                ? new GraphNode(CtrResourceKind.Snapshot, @namespace, value, key[SnapshotBack.Length..].Split('/', 2)[0])
            : IsNamed(key, CollectorLabels.Back + "content") ? new GraphNode(CtrResourceKind.Content, @namespace, value)
            : IsNamed(key, CollectorLabels.Back + "image") ? new GraphNode(CtrResourceKind.Image, @namespace, value)
            : IsNamed(key, CollectorLabels.Back + "container") ? new GraphNode(CtrResourceKind.Container, @namespace, value)
            : null;
    }

    /// <summary>The label itself, or with a name of its own after it: several may refer to different things.</summary>
    private static bool IsNamed(string key, string label) =>
        key.StartsWith(label, StringComparison.Ordinal) && (key.Length == label.Length || key[label.Length] is '.' or '/');

    [GeneratedRegex("^v?([0-9]{1,4})\\.([0-9]{1,4})", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
