using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that change snapshots which are there: which ones, in which namespace, of which snapshotter.</summary>
public abstract class CtrSnapshotCmdlet : CtrSessionCmdlet
{
    /// <summary>The snapshots: keys, wildcards, or objects that have one.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The keys of the snapshots. Wildcards are allowed.")]
    [Alias("Key", "Id")]
    [SnapshotIdentityTransformation]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrSnapshotIdentity[] Snapshot { get; set; } = [];

    /// <summary>The snapshotter. Default: whichever has the snapshot.</summary>
    [Parameter(HelpMessage = "The snapshotter. Default: whichever has the snapshot.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>A snapshot in words, for questions and messages.</summary>
    private protected static string Words(CtrSnapshot one) => $"snapshot '{one.Key}' of {one.Snapshotter} in namespace '{one.Namespace}'";

    /// <summary>The error for a layer that is to be mounted.</summary>
    internal static CtrException NotMountable(CtrSnapshot one) => new(
        CtrErrorIds.FailedPrecondition, CtrStatus.FailedPrecondition, $"The {Words(one)} is a layer, which is not mounted itself.")
    {
        Target = one.Key,
        RecommendedAction = "Make a view of it with New-CtrSnapshot -View -Parent, and mount that.",
    };

    /// <summary>Does the work for each snapshot, as it is now. An error about one leaves the others to be done.</summary>
    private protected void ForEachSnapshot(Action<CtrSnapshot, CtrSession, ICtrConnection> work)
    {
        foreach (CtrSnapshotIdentity wanted in Snapshot)
        {
            Guard(wanted, () =>
            {
                string words = $"Snapshot '{wanted.Key}'";
                CtrSession session = SessionOf(wanted.Session, words);
                string name = NamespaceOf(wanted.Namespace, Namespace, session, words);
                ICtrConnection connection = Connect(session);
                IReadOnlyList<CtrSnapshot> found = Await(async token => await SnapshotFinder.FindAsync(
                    connection,
                    [name],
                    await SnapshotFinder.SnapshottersAsync(
                        connection, wanted.Snapshotter, Snapshotter is null ? [] : [Snapshotter], token).ConfigureAwait(false),
                    wanted,
                    token).ConfigureAwait(false));
                SnapshotFinder.RequireOneSnapshotter(wanted, found);
                foreach (CtrSnapshot one in found)
                {
                    one.Session = session;
                    Guard(one, () => work(one, session, connection));
                }
            });
        }
    }
}
