namespace CtrPS;

/// <summary>Names something in a containerd for a cmdlet: a blob by its digest, or whatever an object is, with its namespace and session.</summary>
public sealed class CtrResourceName
{
    /// <summary>A blob, by its digest or the first six digits of it or more.</summary>
    public CtrResourceName(string digest)
        : this(CtrResourceKind.Content, digest, null, null, null)
    {
    }

    /// <summary>By kind and name: what an object is.</summary>
    internal CtrResourceName(CtrResourceKind kind, string key, string? snapshotter, string? @namespace, CtrSession? session)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        Kind = kind;
        Key = key;
        Snapshotter = string.IsNullOrEmpty(snapshotter) ? null : snapshotter;
        Namespace = @namespace;
        Session = session;
    }

    /// <summary>What it is.</summary>
    public CtrResourceKind Kind { get; }

    /// <summary>Its name.</summary>
    public string Key { get; }

    /// <summary>The snapshotter of a snapshot. Null: any, or it is none.</summary>
    public string? Snapshotter { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's. Empty: it is a file that no namespace knows.</summary>
    public string? Namespace { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>Its name.</summary>
    public override string ToString() => Key;
}
