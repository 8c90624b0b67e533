using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that do something with leases which are there: which ones, in which namespace.</summary>
public abstract class CtrLeaseCmdlet : CtrSessionCmdlet
{
    /// <summary>The leases: ids, wildcards, or objects.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The leases. Wildcards are allowed.")]
    [Alias("Id", "Name")]
    [LeaseIdentityTransformation]
    [ArgumentCompleter(typeof(LeaseCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrLeaseIdentity[] Lease { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>A lease in words, for questions and messages.</summary>
    private protected static string Words(CtrLease lease) => $"lease '{lease.Id}' in namespace '{lease.Namespace}'";

    /// <summary>Does the work for each lease, as it is now. An error about one leaves the others to be done.</summary>
    private protected void ForEachLease(Action<CtrLease, CtrSession, ICtrConnection> work)
    {
        foreach (CtrLeaseIdentity wanted in Lease)
        {
            Guard(wanted, () =>
            {
                CtrSession session = SessionOf(wanted.Session, $"Lease '{wanted.Id}'");
                string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Lease '{wanted.Id}'");
                ICtrConnection connection = Connect(session);
                foreach (CtrLease lease in Await(token => LeaseFinder.FindAsync(connection, [name], wanted, token)))
                {
                    lease.Session = session;
                    Guard(lease, () => work(lease, session, connection));
                }
            });
        }
    }
}
