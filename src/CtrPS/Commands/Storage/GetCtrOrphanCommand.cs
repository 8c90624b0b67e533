using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Get-CtrOrphan: what nobody needs any more, or lacks what it needs, and the command that removes it.</summary>
[Cmdlet(VerbsCommon.Get, "CtrOrphan")]
[OutputType(typeof(CtrOrphan))]
public sealed class GetCtrOrphanCommand : CtrStorageListCmdlet
{
    /// <summary>Only these kinds.</summary>
    [Parameter(HelpMessage = "Only these kinds.")]
    [ValidateNotNullOrEmpty]
    public CtrResourceKind[] Kind { get; set; } = [];

    /// <summary>How long a write has to stand still to count: a time span, or 10m, 1h.</summary>
    [Parameter(HelpMessage = "How long an unfinished write has to stand still, or a file that nobody knows: a TimeSpan. Default: an hour.")]
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Look also for snapshots that show what their layer deletes: reads all layers of what is unpacked.</summary>
    [Parameter(HelpMessage = "Look also for snapshots that show what their layer deletes: all layers of what is unpacked are read for that.")]
    public SwitchParameter Deep { get; set; }

    /// <inheritdoc/>
    private protected override void List(CtrSession session, ICtrConnection connection)
    {
        FoundOrphans found = Await(token => connection.Storage.FindOrphansAsync(IsWanted, IdleTime, Deep, token));
        foreach (CtrOrphan orphan in found.Orphans.Where(one => Kind.Length == 0 || Kind.Contains(one.Kind)))
        {
            orphan.Session = session;
            WriteObject(orphan);
        }

        foreach (CtrException fault in found.Faults)
        {
            WriteError(ErrorFactory.From(fault, fault.Target));
        }
    }
}
