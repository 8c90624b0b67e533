using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageManifest: the manifests and indexes of images, as objects, as bytes, or all that they list as a tree.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageManifest", DefaultParameterSetName = ObjectSet)]
[OutputType(typeof(CtrImageManifest), ParameterSetName = [ObjectSet])]
[OutputType(typeof(byte[]), ParameterSetName = [RawSet])]
[OutputType(typeof(CtrImageBlob), ParameterSetName = [TreeSet])]
public sealed class GetCtrImageManifestCommand : CtrImageViewCmdlet
{
    private const string ObjectSet = "Object";
    private const string RawSet = "Raw";
    private const string TreeSet = "Tree";

    /// <summary>The manifests for these platforms. Default: what the name points to, which may be an index.</summary>
    [Parameter(ParameterSetName = ObjectSet, HelpMessage = "Platforms, such as linux/arm64: the manifest for each.")]
    [Parameter(ParameterSetName = RawSet, HelpMessage = "Platforms, such as linux/arm64: the manifest for each.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Return the bytes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RawSet, HelpMessage = "Return the bytes.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Return everything that the image lists, each in its place.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TreeSet, HelpMessage = "Return everything that the image lists, each in its place.")]
    public SwitchParameter Tree { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (Tree)
        {
            ForEachPlatform([], (inspector, image, _, token) => inspector.ReadTreeAsync(image, token));
            return;
        }

        ForEachPlatform<CtrImageManifest>(
            Platform,
            async (inspector, image, platform, token) => [await inspector.ReadManifestAsync(image, platform, token).ConfigureAwait(false)],
            Raw ? manifest => WriteObject(manifest.Bytes.ToArray(), enumerateCollection: false) : null);
    }
}
