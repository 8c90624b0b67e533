using System.Globalization;

namespace CtrPS;

/// <summary>Whether a lease keeps anything.</summary>
public enum CtrLeaseState : long
{
    /// <summary>It keeps what it holds from the garbage collector.</summary>
    Active,

    /// <summary>Its time is over: the next collection removes it, and what only it held.</summary>
    Expired,

    /// <summary>The process of CtrPS on this machine that made it is gone. It keeps what it holds until its time is over.</summary>
    Abandoned,
}

/// <summary>A lease: what is made or put under it is safe from containerd's garbage collector until it ends.</summary>
public sealed class CtrLease : CtrObject
{
    /// <summary>The label that says until when a lease is good (containerd, metadata/gc.go): a time of RFC 3339.</summary>
    internal const string ExpireLabel = "containerd.io/gc.expire";

    /// <summary>The label of a lease that keeps what it holds, and not what that refers to.</summary>
    internal const string FlatLabel = "containerd.io/gc.flat";

    internal CtrLease()
    {
    }

    /// <summary>The id: unique in its namespace.</summary>
    public string Id { get; internal set; } = null!;

    /// <summary>Whether it keeps anything, when it was asked for.</summary>
    public CtrLeaseState State { get; internal set; }

    /// <summary>When it was made. Null where the daemon does not say.</summary>
    public DateTimeOffset? CreatedAt { get; internal set; }

    /// <summary>Until when it is good. Null: until it is removed.</summary>
    public DateTimeOffset? ExpiresAt { get; internal set; }

    /// <summary>Whether what it holds is kept without what that refers to, such as the layers of a manifest.</summary>
    public bool IsFlat { get; internal set; }

    /// <summary>The process of CtrPS on this machine that made it. Null: another client, or another machine's.</summary>
    public long? ProcessId { get; internal set; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The record by the names of containerd's API, on one line. ctr has no JSON of a lease.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record by the names of containerd's API. ctr has no JSON of a lease.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(
        RecordJson.Filled(
            ("id", Id),
            ("created_at", CreatedAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)),
            ("labels", RecordJson.Map(Labels))),
        indented);

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
