using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Base of Protect- and Unprotect-CtrImage: the label that keeps an image from the kubelet's collector, on all records of it.</summary>
public abstract class CtrImagePinCmdlet : CtrImageCmdlet
{
    /// <summary>Return the changed image.</summary>
    [Parameter(HelpMessage = "Return the changed image.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override CtrImageDetail Detail => CtrImageDetail.Aliases;

    /// <summary>What is done, for questions.</summary>
    private protected abstract string Action { get; }

    /// <summary>Whether the images are to be pinned.</summary>
    private protected abstract bool IsPinned { get; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(found =>
    {
        if (ShouldProcess(found.Session, Words(found.Image), Action))
        {
            var labels = new Dictionary<string, string?> { [CtrImage.PinnedLabel] = IsPinned ? CtrImage.PinnedValue : null };
            CtrImage changed = ChangeLabels(found, new LabelChange(labels, ReplaceAll: false));
            if (PassThru)
            {
                WriteWhole(found.Session, found.Connection, changed);
            }
        }
    });
}
