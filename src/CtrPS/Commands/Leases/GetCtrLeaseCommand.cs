using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrLease: the leases of one or more namespaces, and whether they keep anything.</summary>
[Cmdlet(VerbsCommon.Get, "CtrLease")]
[OutputType(typeof(CtrLease))]
public sealed class GetCtrLeaseCommand : CtrLeaseListCmdlet
{
    /// <summary>Only leases in one of these states.</summary>
    [Parameter(HelpMessage = "Active: it keeps what it holds. Expired: its time is over. Abandoned: the process of CtrPS that made it is gone.")]
    [ValidateNotNullOrEmpty]
    public CtrLeaseState[] State { get; set; } = [];

    /// <inheritdoc/>
    private protected override bool Fits(CtrLease lease) => State.Length == 0 || State.Contains(lease.State);

    /// <inheritdoc/>
    private protected override void Write(CtrLease lease, ICtrConnection connection) => WriteObject(lease);
}
