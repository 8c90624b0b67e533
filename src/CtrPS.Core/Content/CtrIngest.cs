namespace CtrPS;

/// <summary>A blob that is being written, or whose writing was broken off: it is no blob before all of it is there and proved.</summary>
public sealed class CtrIngest : CtrObject
{
    internal CtrIngest()
    {
    }

    /// <summary>The name of the write. Clients that fetch call it by what they write: <c>layer-sha256:...</c>.</summary>
    public string Ref { get; internal set; } = null!;

    /// <summary>Bytes that are written.</summary>
    public long Offset { get; internal set; }

    /// <summary>Bytes that there will be. Null where the writer did not say.</summary>
    public long? Total { get; internal set; }

    /// <summary>How much of it is there: 0 to 1. Null where the whole is not known.</summary>
    public double? Progress => Total is > 0 and { } total ? Math.Min(1, (double)Offset / total) : null;

    /// <summary>The digest that it is to have. Null where the daemon does not say: most do not.</summary>
    public string? Expected { get; internal set; }

    /// <summary>When it was begun. Null where the daemon does not say.</summary>
    public DateTimeOffset? StartedAt { get; internal set; }

    /// <summary>When something was written last. Null where the daemon does not say.</summary>
    public DateTimeOffset? UpdatedAt { get; internal set; }

    /// <summary>Bytes in a second, from its start to what was written last. Null where that is too short to tell.</summary>
    public double? BytesPerSecond =>
        UpdatedAt - StartedAt is { TotalSeconds: >= 0.1 } span && Offset > 0 ? Math.Round(Offset / span.TotalSeconds) : null;

    /// <summary>
    /// The lease under which it is written: it is kept as long as that. Null: none, and it is kept for a day after it was written last.
    /// </summary>
    public string? Lease { get; internal set; }

    /// <summary>The process of CtrPS on this machine that writes it. Null: another client, another machine, or nobody any more.</summary>
    public long? ProcessId { get; internal set; }

    /// <summary>The name of the write.</summary>
    public override string ToString() => Ref;
}
