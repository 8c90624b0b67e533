using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Expand-CtrImage: unpacks the layers of images, so that containers start from them at once.</summary>
[Cmdlet(VerbsData.Expand, "CtrImage", SupportsShouldProcess = true)]
[OutputType(typeof(CtrExpandedImage))]
public sealed class ExpandCtrImageCommand : CtrImageCmdlet
{
    /// <summary>The platforms. Default: the daemon's.</summary>
    [Parameter(HelpMessage = "The platforms. Default: the daemon's.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Every platform of the image that is here.</summary>
    [Parameter(HelpMessage = "Every platform of the image that is here.")]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>The snapshotter to unpack with. Default: the namespace's.</summary>
    [Parameter(HelpMessage = "The snapshotter to unpack with. Default: the namespace's.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() =>
    {
        if (Platform.Length > 0 && AllPlatforms)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Platform and -AllPlatforms contradict each other.")
            {
                Target = nameof(Platform),
            };
        }
    });

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(Expand, oneName: true);

    private void Expand(FoundImage found)
    {
        CtrImage image = found.Image;
        CtrPlatform?[] platforms = AllPlatforms
            ? [.. Await(token => found.Connection.Mounts.ListPlatformsAsync(image, token))]
            : Platform.Length > 0 ? Platform : (CtrPlatform?[])[null];
        string action = $"Unpack{(platforms.OfType<CtrPlatform>().Any() ? $" for {string.Join(", ", platforms)}" : "")}"
            + (Snapshotter is null ? "" : $" with {Snapshotter}");
        if (!ShouldProcess(found.Session, Words(image), action))
        {
            return;
        }

        foreach (CtrPlatform? platform in platforms)
        {
            Guard(image, () =>
            {
                CtrExpandedImage expanded = AwaitTransfer(
                    $"Unpacking {image.Name}",
                    (meter, token) => found.Connection.Mounts.ExpandAsync(image, platform, Snapshotter, meter, token));
                expanded.Session = found.Session;
                WriteObject(expanded);
            });
        }
    }
}
