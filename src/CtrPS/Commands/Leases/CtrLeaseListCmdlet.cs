using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that look at leases: all of one or more namespaces, or some.</summary>
public abstract class CtrLeaseListCmdlet : CtrListCmdlet
{
    /// <summary>The leases: ids, wildcards, or objects. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The leases. Wildcards are allowed.")]
    [Alias("Id", "Name")]
    [LeaseIdentityTransformation]
    [ArgumentCompleter(typeof(LeaseCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrLeaseIdentity[]? Lease { get; set; }

    /// <inheritdoc/>
    private protected sealed override void OnRecord()
    {
        foreach (CtrLeaseIdentity? wanted in Lease ?? [null!])
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted?.Session, $"Lease '{wanted?.Id}'")));
        }
    }

    /// <summary>Whether a lease is one that was asked for.</summary>
    private protected virtual bool Fits(CtrLease lease) => true;

    /// <summary>Does the cmdlet's work for a lease.</summary>
    private protected abstract void Write(CtrLease lease, ICtrConnection connection);

    private void List(CtrLeaseIdentity? wanted, CtrSession session)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted?.Namespace, $"Lease '{wanted?.Id}'");
        IReadOnlyList<CtrLease> found = Await(token => LeaseFinder.FindAsync(connection, namespaces, wanted ?? new CtrLeaseIdentity("*"), token));
        foreach (CtrLease lease in found.Where(Fits))
        {
            lease.Session = session;
            Guard(lease, () => Write(lease, connection));
        }

        if (found.Count == 0 && wanted is null)
        {
            WarnOfOthers(connection, session, namespaces, "leases", name => Await(token => connection.Leases.ListAsync(name, [], token)).Count > 0);
        }
    }
}
