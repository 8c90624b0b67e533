using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageLayer: the layers of images, whether they are here and unpacked, and who shares them.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageLayer")]
[OutputType(typeof(CtrImageLayer))]
public sealed class GetCtrImageLayerCommand : CtrImageLayersCmdlet
{
    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachPlatform(
        Platform, (inspector, image, platform, token) => inspector.ReadLayersAsync(image, platform, Snapshotter, token));
}
