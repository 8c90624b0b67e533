using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrSnapshotMount: the mounts by which the file systems of snapshots are seen.</summary>
[Cmdlet(VerbsCommon.Get, "CtrSnapshotMount")]
[OutputType(typeof(CtrSnapshotMount))]
public sealed class GetCtrSnapshotMountCommand : CtrSnapshotListCmdlet
{
    /// <summary>The folder in the lines for the shell.</summary>
    [Parameter(Position = 1, HelpMessage = "The folder of the daemon's machine in the lines for its shell.")]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "/mnt";

    /// <inheritdoc/>
    private protected override void Write(IReadOnlyList<CtrSnapshot> found, ICtrConnection connection)
    {
        foreach (CtrSnapshot one in found)
        {
            if (one.Kind == CtrSnapshotKind.Committed && (Snapshot is null || found.Count > 1))
            {
                continue; // a layer is no file system; who names it is told so
            }

            Guard(one, () =>
            {
                if (one.Kind == CtrSnapshotKind.Committed)
                {
                    throw CtrSnapshotCmdlet.NotMountable(one);
                }

                foreach (CtrSnapshotMount mount in Await(token => connection.Snapshots.ListMountsAsync(one, Target, token)))
                {
                    mount.Session = one.Session;
                    WriteObject(mount);
                }
            });
        }
    }
}
