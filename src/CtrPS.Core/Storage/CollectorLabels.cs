namespace CtrPS;

/// <summary>The labels that containerd's garbage collector goes by (core/metadata/gc.go), beside those of leases.</summary>
internal static class CollectorLabels
{
    /// <summary>What has it is kept. Its value means nothing; by convention it is a time.</summary>
    public const string Root = "containerd.io/gc.root";

    /// <summary>Refers to a blob: the label itself, or with a dot or a slash and any text behind it.</summary>
    public const string Content = "containerd.io/gc.ref.content";

    /// <summary>Refers to an image, in the same forms. Since 2.0.</summary>
    public const string Image = "containerd.io/gc.ref.image";

    /// <summary>Refers to a snapshot: the snapshotter stands behind it, and then nothing, or a slash and any text.</summary>
    public const string Snapshot = "containerd.io/gc.ref.snapshot.";

    /// <summary>Begins those by which something names its keeper. Since 2.2.</summary>
    public const string Back = "containerd.io/gc.bref.";
}
