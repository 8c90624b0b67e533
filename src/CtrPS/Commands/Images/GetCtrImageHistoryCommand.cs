using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageHistory: the steps by which images were made.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageHistory")]
[OutputType(typeof(CtrImageHistoryEntry))]
public sealed class GetCtrImageHistoryCommand : CtrImageLayersCmdlet
{
    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachPlatform(
        Platform, (inspector, image, platform, token) => inspector.ReadHistoryAsync(image, platform, Snapshotter, token));
}
