namespace CtrPS;

/// <summary>Names a lease for a cmdlet: an id or a wildcard pattern, or an object of one, which brings its namespace and session along.</summary>
public sealed class CtrLeaseIdentity
{
    /// <summary>By id.</summary>
    public CtrLeaseIdentity(string id)
        : this(id, null, null)
    {
    }

    /// <summary>By lease.</summary>
    public CtrLeaseIdentity(CtrLease lease)
        : this((lease ?? throw new ArgumentNullException(nameof(lease))).Id, lease.Namespace, lease.Session) => IsObject = true;

    /// <summary>By what a lease holds.</summary>
    public CtrLeaseIdentity(CtrLeaseResource resource)
        : this((resource ?? throw new ArgumentNullException(nameof(resource))).Lease, resource.Namespace, resource.Session) => IsObject = true;

    /// <summary>By id, namespace and session: a record that came back from a file.</summary>
    internal CtrLeaseIdentity(string id, string? @namespace, CtrSession? session)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Id = id;
        Namespace = @namespace;
        Session = session;
    }

    /// <summary>The id or pattern as given.</summary>
    public string Id { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>Whether it was made from an object: then the id is literal.</summary>
    internal bool IsObject { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
