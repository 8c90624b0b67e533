using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageConfig: how images are run, when and by whom they were made.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageConfig")]
[OutputType(typeof(CtrImageConfig), typeof(byte[]))]
public sealed class GetCtrImageConfigCommand : CtrImageViewCmdlet
{
    /// <summary>The platforms, one result for each. Default: the one that the daemon runs, else the first that is here.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64: one result for each.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Return the bytes of the config.</summary>
    [Parameter(HelpMessage = "Return the bytes of the config.")]
    public SwitchParameter Raw { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachPlatform<CtrImageConfig>(
        Platform,
        async (inspector, image, platform, token) => [await inspector.ReadConfigAsync(image, platform, token).ConfigureAwait(false)],
        Raw ? config => WriteObject(config.Bytes.ToArray(), enumerateCollection: false) : null);
}
