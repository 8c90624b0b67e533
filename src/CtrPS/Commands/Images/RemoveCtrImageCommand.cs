using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrImage: removes image records; what only they needed goes with the garbage collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrImage", SupportsShouldProcess = true)]
public sealed class RemoveCtrImageCommand : CtrImageCmdlet
{
    private readonly HashSet<(CtrSession Session, string Namespace)> _touched = [];

    /// <summary>Wait until the garbage collector has freed the space: ctr's --sync.</summary>
    [Parameter(HelpMessage = "Wait until the garbage collector has freed the space.")]
    [Alias("Sync")]
    public SwitchParameter Synchronous { get; set; }

    /// <summary>Remove pinned images as well.</summary>
    [Parameter(HelpMessage = "Remove pinned images as well.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachImage(Remove);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // One collection for all of them at the end: each takes as long as the store is large.
        foreach ((CtrSession session, string name) in Synchronous ? _touched.DistinctBy(touched => touched.Session) : [])
        {
            Guard(name, () => Await(token => Connect(session).Garbage.CollectAsync(name, token)));
        }
    }

    private void Remove(FoundImage found)
    {
        CtrImage image = found.Image;
        if (image.Pinned && !Force)
        {
            throw new CtrException(CtrErrorIds.ImagePinned, CtrStatus.FailedPrecondition, $"The {Words(image)} is pinned. It was not removed.")
            {
                Target = image.Name,
                RecommendedAction = "Use -Force if you mean it.",
            };
        }

        if (ShouldProcess(Words(image), "Remove"))
        {
            Await(token => found.Connection.Images.DeleteAsync(image.Namespace, image.Name, found.Given, token));
            _ = _touched.Add((found.Session, image.Namespace));
        }
    }
}
