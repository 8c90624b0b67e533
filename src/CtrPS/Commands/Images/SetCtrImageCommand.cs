using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Set-CtrImage: changes labels of images.</summary>
[Cmdlet(VerbsCommon.Set, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = ChangeSet)]
[OutputType(typeof(CtrImage))]
public sealed class SetCtrImageCommand : CtrImageCmdlet
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

    /// <summary>Return the changed image.</summary>
    [Parameter(HelpMessage = "Return the changed image.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        LabelChange? change = null;
        ForEachImage(found => Change(found, change!), _ => change = LabelChange.From(Label, ReplaceLabel));
    }

    /// <inheritdoc/>
    private protected override CtrImageDetail Detail => CtrImageDetail.Aliases;

    private void Change(FoundImage found, LabelChange change)
    {
        if (!change.IsWanted(At(found.Session, Words(found.Image)), ShouldProcess))
        {
            return;
        }

        CtrImage changed = ChangeLabels(found, change);
        if (PassThru)
        {
            WriteWhole(found.Session, found.Connection, changed);
        }
    }
}
