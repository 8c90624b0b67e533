using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Set-CtrSnapshot: changes labels of snapshots.</summary>
[Cmdlet(VerbsCommon.Set, "CtrSnapshot", SupportsShouldProcess = true, DefaultParameterSetName = ChangeSet)]
[OutputType(typeof(CtrSnapshot))]
public sealed class SetCtrSnapshotCommand : CtrSnapshotCmdlet
{
    private const string ChangeSet = "Change";
    private const string ReplaceSet = "Replace";

    /// <summary>Labels to set; an empty or null value removes the label. Others stay.</summary>
    [Parameter(
        Position = 1, Mandatory = true, ParameterSetName = ChangeSet, HelpMessage = "Labels to set; an empty value removes the label. Others stay.")]
    [ValidateNotNull]
    public Hashtable? Label { get; set; }

    /// <summary>Labels to have instead of all others.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReplaceSet, HelpMessage = "Labels to have instead of all others.")]
    [ValidateNotNull]
    public Hashtable? ReplaceLabel { get; set; }

    /// <summary>Return the changed snapshot.</summary>
    [Parameter(HelpMessage = "Return the changed snapshot.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        LabelChange? change = null;
        OrEnd(() => change = LabelChange.From(Label, ReplaceLabel));
        ForEachSnapshot((one, session, connection) =>
        {
            if (!change!.IsWanted(At(session, Words(one)), ShouldProcess))
            {
                return;
            }

            Await(token => connection.Snapshots.SetLabelsAsync(one, change.Values, change.ReplaceAll, token));
            if (PassThru && Await(token => connection.Snapshots.FindAsync(one.Namespace, one.Snapshotter, one.Key, token)) is { } changed)
            {
                changed.Session = session;
                WriteObject(changed);
            }
        });
    }
}
