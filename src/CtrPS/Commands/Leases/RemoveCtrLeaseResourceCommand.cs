using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrLeaseResource: takes something from leases; where nothing else keeps it, it goes with the next collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrLeaseResource", SupportsShouldProcess = true)]
public sealed class RemoveCtrLeaseResourceCommand : CtrLeaseResourceCmdlet
{
    /// <inheritdoc/>
    private protected override string Action => "Remove from the lease";

    /// <inheritdoc/>
    private protected override void Change(CtrLease lease, string type, string key, ICtrConnection connection) =>
        Await(token => connection.Leases.RemoveResourceAsync(lease, type, key, token));
}
