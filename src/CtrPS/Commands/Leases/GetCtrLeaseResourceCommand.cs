using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrLeaseResource: what leases hold.</summary>
[Cmdlet(VerbsCommon.Get, "CtrLeaseResource")]
[OutputType(typeof(CtrLeaseResource))]
public sealed class GetCtrLeaseResourceCommand : CtrLeaseListCmdlet
{
    /// <summary>Only of these types; wildcards.</summary>
    [Parameter(HelpMessage = "Types: content, snapshots/overlayfs, ingests, images. Wildcards are allowed.")]
    [ArgumentCompleter(typeof(LeaseResourceTypeCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Type { get; set; } = [];

    /// <inheritdoc/>
    private protected override void Write(CtrLease lease, ICtrConnection connection)
    {
        WildcardPattern[] types = [.. Type.Select(type => WildcardPattern.Get(type, WildcardOptions.IgnoreCase))];
        foreach (CtrLeaseResource resource in Await(token => connection.Leases.ListResourcesAsync(lease, token)))
        {
            if (types.Length == 0 || types.Any(type => type.IsMatch(resource.Type)))
            {
                WriteObject(resource);
            }
        }
    }
}
