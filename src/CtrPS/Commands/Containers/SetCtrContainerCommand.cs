using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Set-CtrContainer: changes labels of containers.</summary>
[Cmdlet(VerbsCommon.Set, "CtrContainer", SupportsShouldProcess = true, DefaultParameterSetName = ChangeSet)]
[OutputType(typeof(CtrContainer))]
public sealed class SetCtrContainerCommand : CtrContainerCmdlet
{
    private const string ChangeSet = "Change";
    private const string ReplaceSet = "Replace";

    /// <summary>Labels to set; an empty or null value removes the label. Others stay.</summary>
    [Parameter(
        Position = 1, Mandatory = true, ParameterSetName = ChangeSet,
        HelpMessage = "Labels to set; an empty value removes the label. Others stay.")]
    [ValidateNotNull]
    public Hashtable? Label { get; set; }

    /// <summary>Labels to have instead of all others.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReplaceSet, HelpMessage = "Labels to have instead of all others.")]
    [ValidateNotNull]
    public Hashtable? ReplaceLabel { get; set; }

    /// <summary>Return the changed container.</summary>
    [Parameter(HelpMessage = "Return the changed container.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        LabelChange? change = null;
        ForEachContainer(found => Change(found, change!), _ => change = LabelChange.From(Label, ReplaceLabel));
    }

    private void Change(FoundContainer found, LabelChange change)
    {
        if (!change.IsWanted(At(found.Session, Words(found.Container)), ShouldProcess))
        {
            return;
        }

        (string name, string id) = (found.Container.Namespace, found.Container.Id);
        CtrContainer changed = Await(token => found.Connection.Containers.SetLabelsAsync(name, id, change.Values, change.ReplaceAll, token));
        if (PassThru)
        {
            changed.Session = found.Session;
            WriteObject(changed);
        }
    }
}
