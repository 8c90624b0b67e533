using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Base of Protect- and Unprotect-CtrImage: the label that keeps an image from the kubelet's collector, on all records of it.</summary>
public abstract class CtrImagePinCmdlet : CtrImageCmdlet
{
    private bool _warned;

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
            if (IsPinned && !_warned && found.Connection.ServerVersion.TrimStart('v').StartsWith("1.6.", StringComparison.Ordinal))
            {
                _warned = true;
                WriteWarning($"The CRI plugin of containerd {found.Connection.ServerVersion} tells the kubelet of no pins: its collector may remove "
                    + "the image all the same, until containerd is of 1.7 or later.");
            }

            if (PassThru)
            {
                WriteWhole(found.Session, found.Connection, changed);
            }
        }
    });
}
