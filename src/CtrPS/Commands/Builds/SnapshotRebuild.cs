namespace CtrPS.Commands;

/// <summary>
/// -FromSnapshot: images whose layers were discarded after unpacking, with layers that are made anew out of the snapshots. They last until this ends.
/// </summary>
/// <param name="cmdlet">Asks and tells.</param>
/// <param name="isWanted">-FromSnapshot.</param>
/// <param name="allowNewDiffIds">-AllowNewDiffId.</param>
internal sealed class SnapshotRebuild(CtrSessionCmdlet cmdlet, bool isWanted, bool allowNewDiffIds) : IDisposable
{
    public const string Help = "Make layers that were discarded after unpacking anew, from their snapshots.";
    public const string AllowHelp =
        "With -FromSnapshot: take what a snapshot has also where it does not prove to be the layer. The image gets another id.";

    private readonly List<ICtrRebuiltImage> _made = [];

    /// <summary>That what is given makes sense.</summary>
    public static void Require(bool isWanted, bool allowNewDiffIds)
    {
        if (allowNewDiffIds && !isWanted)
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-AllowNewDiffId says nothing without -FromSnapshot.")
            {
                Target = "AllowNewDiffId",
            };
        }
    }

    /// <summary>The image with all layers that could be made anew. Null: that was not agreed to.</summary>
    /// <param name="session">Where it is.</param>
    /// <param name="connection">The session's connection.</param>
    /// <param name="image">The image.</param>
    public CtrImage? Take(CtrSession session, ICtrConnection connection, CtrImage image)
    {
        if (!isWanted)
        {
            return image;
        }

        ICtrRebuild plan = Plan(connection, image);
        return plan.Layers.Count == 0 ? image
            : Run(session, plan) is { } made ? made.Image
            : null;
    }

    /// <summary>What can be made anew of an image.</summary>
    public ICtrRebuild Plan(ICtrConnection connection, CtrImage image) => cmdlet.AwaitTransfer(
        $"Looking at {image.Name}", (_, token) => connection.Builder.PlanRebuildAsync(image, allowNewDiffIds, token));

    /// <summary>Makes it. Null: that was not agreed to.</summary>
    public ICtrRebuiltImage? Run(CtrSession session, ICtrRebuild plan)
    {
        string words = $"image '{plan.Image.Name}' in namespace '{plan.Image.Namespace}'";
        if (!cmdlet.ShouldProcess(session, words, $"Rebuild {(plan.Layers.Count == 1 ? "1 layer" : $"{plan.Layers.Count} layers")} from snapshots"))
        {
            return null;
        }

        ICtrRebuiltImage made = cmdlet.AwaitTransfer($"Rebuilding {plan.Image.Name}", plan.RunAsync);
        _made.Add(made);
        cmdlet.WriteWarning($"The {words}: {made.Words}");
        return made;
    }

    public void Dispose()
    {
        foreach (ICtrRebuiltImage made in _made)
        {
            made.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
