using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrLease: ends leases; what only they held goes with the garbage collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrLease", SupportsShouldProcess = true)]
public sealed class RemoveCtrLeaseCommand : CtrLeaseCmdlet
{
    private readonly HashSet<(CtrSession Session, string Namespace)> _touched = [];

    /// <summary>Wait until the garbage collector has freed the space: ctr's --sync.</summary>
    [Parameter(HelpMessage = "Wait until the garbage collector has freed the space.")]
    [Alias("Sync")]
    public SwitchParameter Synchronous { get; set; }

    /// <summary>End leases, too, that a process of CtrPS on this machine works under.</summary>
    [Parameter(HelpMessage = "End leases, too, that a process of CtrPS on this machine works under.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachLease((lease, session, connection) =>
    {
        if (lease is { State: CtrLeaseState.Active, ProcessId: { } process } && !Force)
        {
            throw new CtrException(
                CtrErrorIds.LeaseInUse,
                CtrStatus.FailedPrecondition,
                $"The process {process} of this machine works under the {Words(lease)}. It was not removed.")
            {
                Target = lease.Id,
                RecommendedAction = "Wait for its end, or use -Force: what it makes may be collected under its hands then.",
            };
        }

        if (!ShouldProcess(session, Words(lease), "Remove"))
        {
            return;
        }

        try
        {
            Await(token => connection.Leases.DeleteAsync(lease, token));
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.LeaseNotFound)
        {
            WriteVerbose($"The {Words(lease)} was removed by another client meanwhile.");
        }

        _ = _touched.Add((session, lease.Namespace));
    });

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        // One collection for all of them at the end: each takes as long as the store is large.
        foreach ((CtrSession session, string name) in Synchronous ? _touched.DistinctBy(touched => touched.Session) : [])
        {
            Guard(name, () => Await(token => Connect(session).Garbage.CollectAsync(name, token)));
        }
    }
}
