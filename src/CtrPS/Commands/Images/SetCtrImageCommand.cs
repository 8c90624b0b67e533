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
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = ChangeSet, HelpMessage = "Labels to set; an empty value removes the label. Others stay.")]
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
    protected override void ProcessRecord()
    {
        Dictionary<string, string?> labels = [];
        ForEachImage(found => Change(found, labels, ReplaceLabel is not null), _ => labels = Labels.From(ReplaceLabel ?? Label!));
    }

    private void Change(FoundImage found, Dictionary<string, string?> labels, bool replaceAll)
    {
        if ((labels.Count > 0 || replaceAll) && ShouldProcess(Words(found.Image), Labels.Describe(labels, replaceAll)))
        {
            CtrImage changed = Await(token => found.Connection.Images.SetLabelsAsync(found.Image.Namespace, found.Image.Name, labels, replaceAll, token));
            if (PassThru)
            {
                WriteWhole(found.Session, found.Connection, changed);
            }
        }
    }
}
