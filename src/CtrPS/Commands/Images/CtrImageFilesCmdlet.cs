using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that read files of images: of which images, and for which platform.</summary>
public abstract class CtrImageFilesCmdlet : CtrImageViewCmdlet
{
    /// <summary>The images: names, wildcards, image objects, or files from Get-CtrImageFile.</summary>
    [Parameter(
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The platforms, one result for each. Default: the one that the daemon runs, else the first that is here.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64: one result for each.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Does the work for the file system of each image, for each platform.</summary>
    /// <param name="work">The work. It is told the file that was piped in; null where an image was.</param>
    private protected void ForEachRoot(Action<ICtrImageRoot, CtrImage, CtrImageFile?> work) => ForEachGivenImage((given, image, connection) =>
    {
        CtrImageFile? file = given.File;
        ImageFilePaths.RequireSame(file, image);
        foreach (CtrPlatform? platform in Platform.Length > 0 ? Platform : (CtrPlatform?[])[file?.Platform])
        {
            Guard(file ?? (object)image, () => work(Await(token => connection.Files.OpenAsync(image, platform, token)), image, file));
        }
    });
}
