namespace CtrPS;

/// <summary>Saves images, of one or more daemons, into archives.</summary>
internal interface IImageSaver
{
    /// <summary>Plans one archive: looks for everything that it will hold, before a byte is written.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidArgument"/> where the request contradicts itself; a daemon cannot be reached. Missing blobs are no
    /// exception: they are the plan's <see cref="ICtrSavePlan.Faults"/>.
    /// </exception>
    Task<ICtrSavePlan> PlanAsync(CtrSaveRequest request, CancellationToken cancellationToken);

    /// <summary>Lists the blobs of namespaces, so that another daemon's archive can leave them out.</summary>
    Task<CtrInventory> TakeInventoryAsync(ICtrConnection connection, IReadOnlyList<string> namespaces, CancellationToken cancellationToken);
}
