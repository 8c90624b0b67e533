using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Mount-CtrSnapshot: shows the file system of a snapshot in a folder of the daemon's machine.</summary>
[Cmdlet(VerbsData.Mount, "CtrSnapshot", SupportsShouldProcess = true)]
[OutputType(typeof(CtrSnapshotMount))]
public sealed class MountCtrSnapshotCommand : CtrSnapshotCmdlet
{
    private bool _mounted;

    /// <summary>The folder to mount in.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "The folder to mount in. It must be there.")]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "";

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "one folder shows one snapshot";

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachSnapshot((one, session, connection) =>
    {
        if (one.Kind == CtrSnapshotKind.Committed)
        {
            throw NotMountable(one);
        }

        if (_mounted)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The {Words(one)} was not mounted: one folder shows one snapshot.")
            {
                Target = one.Key,
                RecommendedAction = "Call Mount-CtrSnapshot once for each, with a folder for each.",
            };
        }

        string given = ProviderPath.Resolve(this, Target);
        (string target, bool hides) = Await(token => connection.Snapshots.CheckTargetAsync(given, token));
        _mounted = true;
        string how = one.Kind == CtrSnapshotKind.View ? "read-only" : "writable";
        if (!ShouldProcess(session, Words(one), $"Mount {how} in '{target}'"))
        {
            return;
        }

        IReadOnlyList<CtrSnapshotMount> mounts = Await(token => connection.Snapshots.MountAsync(one, target, token));
        if (hides)
        {
            WriteWarning($"The folder '{target}' is not empty: what is in it is hidden until the snapshot is dismounted.");
        }

        foreach (CtrSnapshotMount mount in mounts)
        {
            mount.Session = session;
            WriteObject(mount);
        }
    });
}
