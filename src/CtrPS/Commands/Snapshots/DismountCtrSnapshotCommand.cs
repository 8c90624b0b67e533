using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Dismount-CtrSnapshot: ends mounts that Mount-CtrSnapshot made. The snapshots stay.</summary>
[Cmdlet(VerbsData.Dismount, "CtrSnapshot", SupportsShouldProcess = true)]
public sealed class DismountCtrSnapshotCommand : CtrSnapshotCmdlet
{
    /// <summary>Only what is mounted in this folder. Default: wherever it is.</summary>
    [Parameter(Position = 1, HelpMessage = "Only what is mounted in this folder. Default: wherever it is mounted.")]
    [ValidateNotNullOrEmpty]
    public string? Target { get; set; }

    /// <summary>Dismount also what somebody uses.</summary>
    [Parameter(HelpMessage = "Dismount also what somebody uses: the kernel ends it with its last user.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachSnapshot((one, session, connection) =>
    {
        string? only = Target is null ? null : ProviderPath.Resolve(this, Target).TrimEnd('/');
        string[] targets = [.. Await(token => connection.Snapshots.ListTargetsAsync(one, token)).Where(target => only is null || target == only)];
        if (targets.Length == 0 && !Snapshot.All(SnapshotFinder.IsPattern))
        {
            throw new CtrException(
                CtrErrorIds.MountNotFound,
                CtrStatus.NotFound,
                $"The {Words(one)} is not mounted{(only is null ? "" : $" at '{only}'")} by Mount-CtrSnapshot.")
            {
                Target = one.Key,
                RecommendedAction = "What another program mounted, umount ends.",
            };
        }

        foreach (string target in targets)
        {
            if (ShouldProcess(session, Words(one), $"Dismount from '{target}'"))
            {
                Await(token => connection.Snapshots.DismountAsync(one, target, Force, token));
            }
        }
    });
}
