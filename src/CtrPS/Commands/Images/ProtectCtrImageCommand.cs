using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Protect-CtrImage: keeps images from the kubelet's image garbage collection.</summary>
[Cmdlet(VerbsSecurity.Protect, "CtrImage", SupportsShouldProcess = true)]
[OutputType(typeof(CtrImage))]
public sealed class ProtectCtrImageCommand : CtrImagePinCmdlet
{
    /// <inheritdoc/>
    private protected override string Action => "Pin against the kubelet's image garbage collection";

    /// <inheritdoc/>
    private protected override bool IsPinned => true;
}
