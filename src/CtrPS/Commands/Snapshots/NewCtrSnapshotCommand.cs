using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>New-CtrSnapshot: makes snapshots that can be written, or views.</summary>
[Cmdlet(VerbsCommon.New, "CtrSnapshot", SupportsShouldProcess = true)]
[OutputType(typeof(CtrSnapshot))]
public sealed class NewCtrSnapshotCommand : CtrSessionCmdlet
{
    /// <summary>Keys of the new snapshots.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, HelpMessage = "Keys of the new snapshots.")]
    [Alias("Name", "Id")]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <summary>The committed snapshot that they are made on. Default: none, and they are empty.</summary>
    [Parameter(Position = 1, HelpMessage = "The committed snapshot that they are made on. Default: none, and they are empty.")]
    [SnapshotIdentityTransformation]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    [ValidateNotNull]
    public CtrSnapshotIdentity? Parent { get; set; }

    /// <summary>Make views, which can be read only.</summary>
    [Parameter(HelpMessage = "Make views, which can be read only.")]
    public SwitchParameter View { get; set; }

    /// <summary>Labels.</summary>
    [Parameter(HelpMessage = "Labels of the new snapshots.")]
    [Alias("Labels")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>The lease that keeps them. Default: a label does.</summary>
    [Parameter(HelpMessage = "The lease that keeps them. Default: a label of their own does.")]
    [ArgumentCompleter(typeof(LeaseCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Lease { get; set; }

    /// <summary>Leave them to the garbage collector, unless something refers to them.</summary>
    [Parameter(HelpMessage = "Leave them to the next garbage collection, unless something refers to them by then.")]
    public SwitchParameter NoRoot { get; set; }

    /// <summary>The snapshotter. Default: the parent's, else the namespace's.</summary>
    [Parameter(HelpMessage = "The snapshotter. Default: the parent's where that is an object, else the namespace's.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>The namespace. Default: the session's; a parent that is an object brings its own.</summary>
    [Parameter(HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (string key in Key)
        {
            Guard(key, () => Make(key));
        }
    }

    private void Make(string key)
    {
        string words = $"Snapshot '{Parent?.Key}'";
        CtrSession session = SessionOf(Parent?.Session, words);
        string name = NamespaceOf(Parent?.Namespace, Namespace, session, words);
        Dictionary<string, string> labels = KeptByLabel.Labels(Label, Lease, NoRoot);
        ICtrConnection connection = Connect(session);
        if (Parent?.Snapshotter is { } carried)
        {
            _ = Await(token => SnapshotFinder.SnapshottersAsync(connection, carried, Snapshotter is null ? [] : [Snapshotter], token));
        }

        string snapshotter = Await(token => connection.Snapshots.ChooseSnapshotterAsync(name, Parent?.Snapshotter ?? Snapshotter, token));
        string action = (View ? "Create a view" : "Create") + (Parent is null ? "" : $" on '{Parent.Key}'");
        if (!ShouldProcess(session, $"snapshot '{key}' of {snapshotter} in namespace '{name}'", action))
        {
            return;
        }

        var request = new CtrSnapshotRequest
        {
            Namespace = name,
            Snapshotter = snapshotter,
            Key = key,
            Parent = Parent?.Key ?? "",
            IsView = View,
            Lease = Lease,
            Labels = labels,
        };
        CtrSnapshot made = Await(token => connection.Snapshots.CreateAsync(request, token));
        made.Session = session;
        WriteObject(made);
    }
}
