using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Session;

namespace CtrPS.Commands.Image;

/// <summary>Remove-CtrImage: removes image records; what only they needed goes with the garbage collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrImage", SupportsShouldProcess = true)]
public sealed class RemoveCtrImageCommand : CtrSessionCmdlet
{
    private readonly HashSet<(CtrSession Session, string Namespace)> _touched = [];

    /// <summary>The images: names, wildcards, or image objects.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Wait until the garbage collector has freed the space: ctr's --sync.</summary>
    [Parameter(HelpMessage = "Wait until the garbage collector has freed the space.")]
    [Alias("Sync")]
    public SwitchParameter Synchronous { get; set; }

    /// <summary>Remove pinned images as well.</summary>
    [Parameter(HelpMessage = "Remove pinned images as well.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () =>
            {
                CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
                string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Image '{wanted.Name}'");
                ICtrConnection connection = Connect(session);
                foreach (CtrImage image in Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token)).ToList())
                {
                    Guard(image, () => Remove(session, connection, image, wanted.Image));
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // One collection for all of them at the end: each takes as long as the store is large.
        foreach ((CtrSession session, string name) in Synchronous ? _touched.DistinctBy(touched => touched.Session) : [])
        {
            Guard(name, () => Await(token => Connect(session).Garbage.CollectAsync(name, token)));
        }
    }

    private void Remove(CtrSession session, ICtrConnection connection, CtrImage image, CtrImage? expected)
    {
        if (image.Pinned && !Force)
        {
            throw new CtrException(CtrErrorIds.ImagePinned, CtrStatus.FailedPrecondition, $"The image '{image.Name}' in namespace '{image.Namespace}' is pinned. It was not removed.")
            {
                Target = image.Name,
                RecommendedAction = "Use -Force if you mean it.",
            };
        }

        if (ShouldProcess($"image '{image.Name}' in namespace '{image.Namespace}'", "Remove"))
        {
            Await(token => connection.Images.DeleteAsync(image.Namespace, image.Name, expected, token));
            _ = _touched.Add((session, image.Namespace));
        }
    }
}
