namespace CtrPS;

/// <summary>Packed layers of images that are unpacked: what a daemon needs for nothing but to give the image on.</summary>
internal interface ILayerClearer
{
    /// <summary>Reads what there is, to plan with.</summary>
    Task<ILayerClearance> OpenAsync(string @namespace, CancellationToken cancellationToken);
}

/// <summary>A namespace at a moment, and the images of it whose layers are to go.</summary>
internal interface ILayerClearance
{
    /// <summary>What is to be done about an image, beside what was agreed to before.</summary>
    Task<CtrLayerPlan> PlanAsync(CtrImage image, CancellationToken cancellationToken);

    /// <summary>Notes that it is to be done.</summary>
    void Agree(CtrLayerPlan plan);

    /// <summary>The layers that will be gone with all that was agreed to: no other image, no lease and no label keeps them.</summary>
    IReadOnlyList<CtrClearedResource> Predict();

    /// <summary>Does what was agreed to, and has the daemon collect its garbage.</summary>
    /// <returns>The layers that are gone.</returns>
    Task<IReadOnlyList<CtrClearedResource>> RunAsync(CancellationToken cancellationToken);
}

/// <summary>What is to be done about an image.</summary>
/// <param name="Labels">By digest of a manifest: the keys of its labels by which it keeps its layers.</param>
/// <param name="Layers">Layers that these name.</param>
/// <param name="Freed">Bytes that become free.</param>
/// <param name="IsUnpacked">It is unpacked for some platform.</param>
/// <param name="Packed">The platforms of manifests that keep their layers, as they are not unpacked.</param>
internal sealed record CtrLayerPlan(
    IReadOnlyDictionary<string, IReadOnlyList<string>> Labels,
    IReadOnlyList<string> Layers,
    long Freed,
    bool IsUnpacked,
    IReadOnlyList<string> Packed);
