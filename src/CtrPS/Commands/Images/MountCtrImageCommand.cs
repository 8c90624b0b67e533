using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Mount-CtrImage: shows the files of an image in a folder of the daemon's machine.</summary>
[Cmdlet(VerbsData.Mount, "CtrImage", SupportsShouldProcess = true)]
[OutputType(typeof(CtrImageMount))]
public sealed class MountCtrImageCommand : CtrImageCmdlet
{
    private bool _mounted;

    /// <summary>The folder to mount in.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "The folder to mount in. It must be there.")]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "";

    /// <summary>Let files be written; they are gone with the mount.</summary>
    [Parameter(HelpMessage = "Let files be written. They are gone with the mount.")]
    public SwitchParameter Writable { get; set; }

    /// <summary>The platform. Default: the daemon's.</summary>
    [Parameter(HelpMessage = "The platform. Default: the daemon's.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNull]
    public CtrPlatform? Platform { get; set; }

    /// <summary>The snapshotter. Default: the namespace's.</summary>
    [Parameter(HelpMessage = "The snapshotter. Default: the namespace's.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "one folder shows one image";

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(Mount, oneName: true);

    private void Mount(FoundImage found)
    {
        CtrImage image = found.Image;
        if (_mounted)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{image.Name}' is not mounted: one folder shows one image.")
            {
                Target = image.Name,
                RecommendedAction = "Call Mount-CtrImage once for each image, with a folder for each.",
            };
        }

        string given = ProviderPath.Resolve(this, Target);
        (string target, bool hides) = Await(token => found.Connection.Mounts.CheckTargetAsync(given, token));
        _mounted = true;
        if (!ShouldProcess(found.Session, Words(image), $"Mount {(Writable ? "writable" : "read-only")} in '{target}'"))
        {
            return;
        }

        var options = new CtrImageMountOptions { Target = target, Platform = Platform, Snapshotter = Snapshotter, Writable = Writable };
        CtrImageMount mount = AwaitTransfer(
            $"Mounting {image.Name}", (meter, token) => found.Connection.Mounts.MountAsync(image, options, meter, token));
        mount.Session = found.Session;
        if (hides)
        {
            WriteWarning($"The folder '{target}' is not empty: what is in it is hidden until the image is dismounted.");
        }

        WriteObject(mount);
    }
}
