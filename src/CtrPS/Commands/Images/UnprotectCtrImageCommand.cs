using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Unprotect-CtrImage: leaves images to the kubelet's image garbage collection again.</summary>
[Cmdlet(VerbsSecurity.Unprotect, "CtrImage", SupportsShouldProcess = true)]
[OutputType(typeof(CtrImage))]
public sealed class UnprotectCtrImageCommand : CtrImagePinCmdlet
{
    /// <inheritdoc/>
    private protected override string Action => "Leave to the kubelet's image garbage collection";

    /// <inheritdoc/>
    private protected override bool IsPinned => false;
}
