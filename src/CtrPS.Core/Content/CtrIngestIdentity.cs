namespace CtrPS;

/// <summary>
/// Names unfinished writes for a cmdlet: a ref or a wildcard pattern, or an object of one, which brings its namespace and session along.
/// </summary>
public sealed class CtrIngestIdentity
{
    /// <summary>By ref.</summary>
    public CtrIngestIdentity(string reference)
        : this(reference, null, null)
    {
    }

    /// <summary>By write.</summary>
    public CtrIngestIdentity(CtrIngest ingest)
        : this((ingest ?? throw new ArgumentNullException(nameof(ingest))).Ref, ingest.Namespace, ingest.Session) => Ingest = ingest;

    /// <summary>By ref, namespace and session: a record that came back from a file.</summary>
    internal CtrIngestIdentity(string reference, string? @namespace, CtrSession? session)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        Ref = reference;
        Namespace = @namespace;
        Session = session;
    }

    /// <summary>The ref or pattern as given.</summary>
    public string Ref { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>The write that it was made from: then the ref is literal. Null: it was not.</summary>
    internal CtrIngest? Ingest { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The ref.</summary>
    public override string ToString() => Ref;
}
