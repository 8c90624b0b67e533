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

        CtrImage changed = SetLabels(found, found.Image.Name, change);
        foreach (string alias in found.Image.Aliases)
        {
            try
            {
                _ = SetLabels(found, alias, change);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageNotFound)
            {
                WriteVerbose($"The alias '{alias}' of the {Words(found.Image)} is gone meanwhile.");
            }
        }

        if (PassThru)
        {
            WriteWhole(found.Session, found.Connection, changed);
        }
    }

    private CtrImage SetLabels(FoundImage found, string name, LabelChange change) => Await(
        token => found.Connection.Images.SetLabelsAsync(found.Image.Namespace, name, change.Values, change.ReplaceAll, token));
}
