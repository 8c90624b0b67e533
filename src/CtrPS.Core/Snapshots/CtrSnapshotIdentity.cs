namespace CtrPS;

/// <summary>
/// Names snapshots for a cmdlet: a key or a wildcard pattern, or an object that has a snapshot, which brings its snapshotter, namespace and session
/// along.
/// </summary>
public sealed class CtrSnapshotIdentity
{
    /// <summary>By key.</summary>
    public CtrSnapshotIdentity(string key)
        : this(key, null, null, null)
    {
    }

    /// <summary>By snapshot.</summary>
    public CtrSnapshotIdentity(CtrSnapshot snapshot)
        : this((snapshot ?? throw new ArgumentNullException(nameof(snapshot))).Key, snapshot.Snapshotter, snapshot)
    {
    }

    /// <summary>By key, snapshotter, namespace and session: a record that came back from a file.</summary>
    internal CtrSnapshotIdentity(string key, string? snapshotter, string? @namespace, CtrSession? session)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        Key = key;
        Snapshotter = snapshotter;
        Namespace = @namespace;
        Session = session;
    }

    /// <summary>By something that has a snapshot.</summary>
    internal CtrSnapshotIdentity(string key, string? snapshotter, CtrObject source)
        : this(key, snapshotter, source.Namespace, source.Session) => IsObject = true;

    /// <summary>The key or pattern as given.</summary>
    public string Key { get; }

    /// <summary>The snapshotter that goes with it. Null: the cmdlet's, else any.</summary>
    public string? Snapshotter { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>Whether it was made from an object: then the key is literal.</summary>
    internal bool IsObject { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The key.</summary>
    public override string ToString() => Key;
}
