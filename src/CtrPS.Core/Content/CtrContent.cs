using System.Globalization;

namespace CtrPS;

/// <summary>What a blob is, as the labels tell by which images keep their parts.</summary>
public enum CtrContentKind : long
{
    /// <summary>Nothing tells: no image has it, or it is something else than a part of an image.</summary>
    Unknown,

    /// <summary>It lists manifests.</summary>
    Index,

    /// <summary>It lists a config and layers.</summary>
    Manifest,

    /// <summary>The config of a manifest.</summary>
    Config,

    /// <summary>A layer, or what an artifact has in its place.</summary>
    Layer,
}

/// <summary>A blob in a namespace: its bytes are named by their digest, and one file on the disk serves all namespaces that have it.</summary>
public sealed class CtrContent : CtrObject
{
    internal CtrContent()
    {
    }

    /// <summary>The digest: algorithm, colon, lower-case hex.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Bytes.</summary>
    public long Size { get; internal set; }

    /// <summary>What it is, as labels and images tell.</summary>
    public CtrContentKind Kind { get; internal set; }

    /// <summary>
    /// Media type, as the manifest, the index or the image says that names it. Null where it was not asked for (Get-CtrContent -MediaType), or
    /// nothing names the blob.
    /// </summary>
    public string? MediaType { get; internal set; }

    /// <summary>When it came into the namespace. Null where the daemon does not say.</summary>
    public DateTimeOffset? CreatedAt { get; internal set; }

    /// <summary>When its labels were changed last. Null where the daemon does not say.</summary>
    public DateTimeOffset? UpdatedAt { get; internal set; }

    /// <summary>The labels; those that begin with <c>containerd.io/gc.</c> steer the garbage collector.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>Of what Add-CtrContent gives: whether the namespace had it before. Null elsewhere.</summary>
    public bool? WasPresent { get; internal set; }

    /// <summary>The record by the names of containerd's API, on one line. ctr has no JSON of a blob's record.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record by the names of containerd's API. ctr has no JSON of a blob's record.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(
        RecordJson.Filled(
            ("digest", Digest),
            ("size", Size),
            ("created_at", Moment(CreatedAt)),
            ("updated_at", Moment(UpdatedAt)),
            ("labels", RecordJson.Map(Labels))),
        indented);

    /// <summary>The digest.</summary>
    public override string ToString() => Digest;

    private static string? Moment(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
