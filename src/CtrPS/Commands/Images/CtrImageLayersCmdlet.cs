using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that tell of an image's layers: for which platform, and where they may be unpacked.</summary>
public abstract class CtrImageLayersCmdlet : CtrImageViewCmdlet
{
    /// <summary>The platforms, one result for each. Default: the one that the daemon runs, else the first that is here.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64: one result for each.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>The snapshotter to look into.</summary>
    [Parameter(HelpMessage = "The snapshotter to look into.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }
}
