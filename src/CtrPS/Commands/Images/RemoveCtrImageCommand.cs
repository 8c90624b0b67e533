using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrImage: removes image records; what only they needed goes with the garbage collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrImage", SupportsShouldProcess = true)]
public sealed class RemoveCtrImageCommand : CtrImageCmdlet
{
    /// <summary>Images that are gathered from the pipeline before they are looked up and removed, side by side.</summary>
    private const int Window = 128;

    /// <summary>Calls under way at the same time.</summary>
    private const int Concurrency = 16;

    private readonly List<(CtrImageIdentity Wanted, string? Namespace)> _gathered = [];
    private readonly HashSet<(CtrSession Session, string Namespace)> _touched = [];

    /// <summary>Wait until the garbage collector has freed the space: ctr's --sync.</summary>
    [Parameter(HelpMessage = "Wait until the garbage collector has freed the space.")]
    [Alias("Sync")]
    public SwitchParameter Synchronous { get; set; }

    /// <summary>Remove pinned images as well.</summary>
    [Parameter(HelpMessage = "Remove pinned images as well.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        _gathered.AddRange(Image.Select(wanted => (wanted, Namespace)));
        if (_gathered.Count >= Window)
        {
            RemoveGathered();
        }
    }

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        RemoveGathered();

        // One collection for all of them at the end: each takes as long as the store is large.
        foreach ((CtrSession session, string name) in Synchronous ? _touched.DistinctBy(touched => touched.Session) : [])
        {
            Guard(name, () => Await(token => Connect(session).Garbage.CollectAsync(name, token)));
        }
    }

    private void RemoveGathered()
    {
        var confirmed = new List<FoundImage>();
        foreach (FoundImage found in Find(_gathered, Concurrency))
        {
            Guard(found.Image, () =>
            {
                if (MayRemove(found.Session, found.Image))
                {
                    confirmed.Add(found);
                }
            });
        }

        _gathered.Clear();
        foreach ((FoundImage found, CtrException? error) in Pull(token => OrderedParallel.SelectAsync(confirmed, Concurrency, RemoveAsync, token)))
        {
            Guard(found.Image, () => _ = error is null ? _touched.Add((found.Session, found.Image.Namespace)) : throw error);
        }
    }

    private bool MayRemove(CtrSession session, CtrImage image) => image.Pinned && !Force
        ? throw new CtrException(CtrErrorIds.ImagePinned, CtrStatus.FailedPrecondition, $"The {Words(image)} is pinned. It was not removed.")
        {
            Target = image.Name,
            RecommendedAction = "Use -Force if you mean it.",
        }
        : ShouldProcess(session, Words(image), "Remove");

    private static async Task<(FoundImage Found, CtrException? Error)> RemoveAsync(FoundImage found, CancellationToken cancellationToken)
    {
        try
        {
            await found.Connection.Images.DeleteAsync(found.Image.Namespace, found.Image.Name, found.Given, cancellationToken).ConfigureAwait(false);
            return (found, null);
        }
        catch (CtrException e)
        {
            return (found, e);
        }
    }
}
