using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrDiskUsage: what takes how much of a daemon's disk, by kind or by owner.</summary>
[Cmdlet(VerbsCommon.Get, "CtrDiskUsage")]
[OutputType(typeof(CtrDiskUsageSummary), typeof(CtrDiskUsage))]
public sealed class GetCtrDiskUsageCommand : CtrStorageListCmdlet
{
    /// <summary>A row for each owner, the largest first, instead of one for each kind.</summary>
    [Parameter(HelpMessage = "A row for each image, container, lease and so on, the largest first.")]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Only these kinds.</summary>
    [Parameter(HelpMessage = "Only these kinds of owners.")]
    [ValidateNotNullOrEmpty]
    public CtrDiskUsageKind[] Kind { get; set; } = [];

    /// <inheritdoc/>
    private protected override void List(CtrSession session, ICtrConnection connection)
    {
        CtrDiskUsageReport report = Await(token => connection.Storage.MeasureAsync(IsWanted, token));
        if (Detailed)
        {
            Write(session, report.Owners, owner => owner.Kind);
        }
        else
        {
            Write(session, report.Summary, sum => sum.Kind);
        }
    }

    private void Write<T>(CtrSession session, IEnumerable<T> rows, Func<T, CtrDiskUsageKind> kind)
        where T : CtrObject
    {
        foreach (T row in rows.Where(row => Kind.Length == 0 || Kind.Contains(kind(row))))
        {
            row.Session = session;
            WriteObject(row);
        }
    }
}
