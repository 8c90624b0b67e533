namespace CtrPS;

/// <summary>
/// Names blobs for a cmdlet: a digest, its first six digits or more, a wildcard pattern, or an object that has a digest, which brings its namespace
/// and session along.
/// </summary>
public sealed class CtrContentIdentity
{
    /// <summary>By digest, by its first digits, or by pattern.</summary>
    public CtrContentIdentity(string digest)
        : this(digest, null, null)
    {
    }

    /// <summary>By blob.</summary>
    public CtrContentIdentity(CtrContent content)
        : this((content ?? throw new ArgumentNullException(nameof(content))).Digest, content)
    {
    }

    /// <summary>By digest, namespace and session: a record that came back from a file.</summary>
    internal CtrContentIdentity(string digest, string? @namespace, CtrSession? session)
    {
        ArgumentException.ThrowIfNullOrEmpty(digest);
        Digest = digest;
        Namespace = @namespace;
        Session = session;
    }

    /// <summary>By something that has the digest of a blob.</summary>
    internal CtrContentIdentity(string digest, CtrObject source)
        : this(digest, source.Namespace, source.Session)
    {
    }

    /// <summary>The digest, its beginning, or the pattern, as given.</summary>
    public string Digest { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The digest as given.</summary>
    public override string ToString() => Digest;
}
