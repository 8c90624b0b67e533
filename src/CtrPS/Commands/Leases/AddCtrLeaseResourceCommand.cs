using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Add-CtrLeaseResource: puts what is there under leases, so that it is safe from the garbage collector.</summary>
[Cmdlet(VerbsCommon.Add, "CtrLeaseResource", SupportsShouldProcess = true)]
[OutputType(typeof(CtrLeaseResource))]
public sealed class AddCtrLeaseResourceCommand : CtrLeaseResourceCmdlet
{
    /// <summary>Return what the lease holds now of it.</summary>
    [Parameter(HelpMessage = "Return what was added.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string Action => "Add to the lease";

    /// <inheritdoc/>
    private protected override (string Type, string Key) Resolve(CtrLease lease, string type, string key, ICtrConnection connection) =>
        type != CtrLeaseResource.Content || ContentFinder.IsWhole(key) || WildcardPattern.ContainsWildcardCharacters(key)
            ? (type, key)
            : (type, Await(token => ContentFinder.FindAsync(connection, lease.Namespace, new CtrContentIdentity(key), token))[0].Digest);

    /// <inheritdoc/>
    private protected override void Change(CtrLease lease, string type, string key, ICtrConnection connection)
    {
        CtrLeaseResource added = Await(token => connection.Leases.AddResourceAsync(lease, type, key, token));
        if (PassThru)
        {
            WriteObject(added);
        }
    }
}
