using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that look at snapshots: all of one or more namespaces, or some.</summary>
public abstract class CtrSnapshotListCmdlet : CtrListCmdlet
{
    /// <summary>The snapshots: keys, wildcards, or objects that have one. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The keys of the snapshots. Wildcards are allowed.")]
    [Alias("Key", "Id", "Name")]
    [SnapshotIdentityTransformation]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrSnapshotIdentity[]? Snapshot { get; set; }

    /// <summary>The snapshotters; wildcards. Default: all that work.</summary>
    [Parameter(HelpMessage = "The snapshotters. Wildcards are allowed. Default: all that work.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Snapshotter { get; set; } = [];

    /// <inheritdoc/>
    private protected sealed override void OnRecord()
    {
        foreach (CtrSnapshotIdentity? wanted in Snapshot ?? [null!])
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted?.Session, $"Snapshot '{wanted?.Key}'")));
        }
    }

    /// <summary>Does the cmdlet's work for the snapshots that are meant.</summary>
    private protected abstract void Write(IReadOnlyList<CtrSnapshot> found, ICtrConnection connection);

    private void List(CtrSnapshotIdentity? wanted, CtrSession session)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted?.Namespace, $"Snapshot '{wanted?.Key}'");
        IReadOnlyList<string> snapshotters = Await(
            token => SnapshotFinder.SnapshottersAsync(connection, wanted?.Snapshotter, Snapshotter, token));
        IReadOnlyList<CtrSnapshot> found = Await(
            token => SnapshotFinder.FindAsync(connection, namespaces, snapshotters, wanted ?? new CtrSnapshotIdentity("*"), token));
        foreach (CtrSnapshot one in found)
        {
            one.Session = session;
        }

        Write(found, connection);
        if (found.Count == 0 && wanted is null)
        {
            WarnOfOthers(connection, session, namespaces, "snapshots", name => snapshotters.Any(
                snapshotter => Await(token => connection.Snapshots.ListAsync(name, snapshotter, token)).Count > 0));
        }
    }
}
