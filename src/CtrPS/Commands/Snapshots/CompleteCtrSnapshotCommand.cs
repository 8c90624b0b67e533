using System.Collections;
using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Complete-CtrSnapshot: freezes a snapshot that was written, so that others can be made on it.</summary>
[Cmdlet(VerbsLifecycle.Complete, "CtrSnapshot", SupportsShouldProcess = true)]
[OutputType(typeof(CtrSnapshot))]
[Alias("Commit-CtrSnapshot")]
public sealed class CompleteCtrSnapshotCommand : CtrSnapshotCmdlet
{
    private bool _isDone;

    /// <summary>The name that it gets.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "The name that the frozen snapshot gets.")]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Labels.</summary>
    [Parameter(HelpMessage = "Labels of the frozen snapshot. It has none of those that it had before.")]
    [Alias("Labels")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>The lease that keeps it. Default: a label does.</summary>
    [Parameter(HelpMessage = "The lease that keeps it. Default: a label of its own does.")]
    [ArgumentCompleter(typeof(LeaseCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Lease { get; set; }

    /// <summary>Leave it to the garbage collector, unless something refers to it.</summary>
    [Parameter(HelpMessage = "Leave it to the next garbage collection, unless something refers to it by then.")]
    public SwitchParameter NoRoot { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachSnapshot((one, session, connection) =>
    {
        if (one.Kind != CtrSnapshotKind.Active)
        {
            bool isView = one.Kind == CtrSnapshotKind.View;
            throw new CtrException(
                CtrErrorIds.FailedPrecondition,
                CtrStatus.FailedPrecondition,
                $"The {Words(one)} is {(isView ? "a view: there is nothing in it to freeze" : "frozen already")}.")
            {
                Target = one.Key,
            };
        }

        if (_isDone)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The {Words(one)} was not frozen: a name is given to one snapshot.")
            {
                Target = one.Key,
                RecommendedAction = "Call Complete-CtrSnapshot once for each, with a name for each.",
            };
        }

        Dictionary<string, string> labels = KeptByLabel.Labels(Label, Lease, NoRoot);
        _isDone = true;
        if (!ShouldProcess(session, Words(one), $"Freeze as '{Name}'"))
        {
            return;
        }

        var request = new CtrSnapshotRequest
        {
            Namespace = one.Namespace,
            Snapshotter = one.Snapshotter,
            Key = Name,
            Lease = Lease,
            Labels = labels,
        };
        CtrSnapshot frozen = Await(token => connection.Snapshots.CommitAsync(one, request, token));
        frozen.Session = session;
        WriteObject(frozen);
    });
}
