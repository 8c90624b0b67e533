using System.Globalization;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>What a snapshot is (containerd, snapshots.proto).</summary>
public enum CtrSnapshotKind : long
{
    /// <summary>The snapshotter does not say.</summary>
    Unknown,

    /// <summary>A file system that can be read only. It is named by a key.</summary>
    View,

    /// <summary>A file system that can be written. It is named by a key.</summary>
    Active,

    /// <summary>A layer on those below it: it is not changed any more, and others are made on it.</summary>
    Committed,
}

/// <summary>A snapshot: a file system, or a layer of such.</summary>
public sealed class CtrSnapshot : CtrObject
{
    internal CtrSnapshot()
    {
    }

    /// <summary>Its key; of a committed one its name. Unique in a namespace for each snapshotter.</summary>
    public string Key { get; internal set; } = null!;

    /// <summary>The snapshotter that has it.</summary>
    public string Snapshotter { get; internal set; } = null!;

    /// <summary>Whether it is a layer, or a file system that is written or read.</summary>
    public CtrSnapshotKind Kind { get; internal set; }

    /// <summary>The committed snapshot that it was made on. Empty where there is none.</summary>
    public string Parent { get; internal set; } = "";

    /// <summary>When it was made. Null where the daemon does not say.</summary>
    public DateTimeOffset? CreatedAt { get; internal set; }

    /// <summary>When its labels were changed last. Null where the daemon does not say.</summary>
    public DateTimeOffset? UpdatedAt { get; internal set; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>Bytes on the disk, without those below it. Null where they were not asked for (Get-CtrSnapshot -Size).</summary>
    public long? Size { get; internal set; }

    /// <summary>Files and folders, without those below it. Null where they were not asked for.</summary>
    public long? Inodes { get; internal set; }

    /// <summary>How many are below it, in a tree (Get-CtrSnapshot -Tree). Null elsewhere.</summary>
    public int? Level { get; internal set; }

    /// <summary>The record as <c>ctr snapshots info</c> prints it, on one line.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record as <c>ctr snapshots info</c> prints it.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(
        RecordJson.Filled(
            ("Kind", Kind.ToString()),
            ("Name", Key),
            ("Parent", RecordJson.OrNull(Parent)),
            ("Labels", RecordJson.Map(Labels)),
            ("Created", Moment(CreatedAt)),
            ("Updated", Moment(UpdatedAt))),
        indented);

    /// <summary>The key.</summary>
    public override string ToString() => Key;

    private static JsonNode? Moment(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
