namespace CtrPS.Client.Oci;

/// <summary>
/// What is in the way of moving an image, told before a byte of a layer moves: by all that move one from a source to a sink, in the same words.
/// </summary>
internal static class MoveChecks
{
    /// <summary>Refuses what cannot be moved as it is wanted: the first fault in the message, all of them in the details.</summary>
    /// <param name="cannot">What cannot be done, without a full stop: <c>The image 'x' of namespace 'y' cannot be sent</c>.</param>
    /// <param name="image">The image's name.</param>
    /// <param name="source">Where it is.</param>
    /// <param name="selection">What is wanted of it.</param>
    /// <param name="otherwise">
    /// What to do where some platforms of the image are whole and others are not. Null: what the fault itself tells.
    /// </param>
    /// <param name="cancellationToken">Ends the looking for causes.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.PlatformNotFound"/>, <see cref="CtrErrorIds.BlobMissing"/>, <see cref="CtrErrorIds.BlobCorrupt"/>.
    /// </exception>
    public static async Task RequireAsync(
        string cannot, string image, IBlobSource source, ImageSelection selection, string? otherwise, CancellationToken cancellationToken)
    {
        // A registry's own words say which of its hosts it was.
        if (source.Place == BlobPlace.Registry && selection.Root.Fault is { } fault)
        {
            throw fault;
        }

        if (selection.AbsentPlatforms is [{ } absent, ..])
        {
            throw BlobFaults.NoPlatform(cannot, selection, absent, image);
        }

        var faults = new List<CtrBlobFault>();
        foreach (ImageNode node in selection.Broken)
        {
            faults.Add(await BlobFaults.OfAsync(node, selection.ManifestOf(node), source, cancellationToken).ConfigureAwait(false));
        }

        if (faults.Count == 0)
        {
            return;
        }

        string[] incomplete =
            [.. selection.Images.Where(one => !one.IsWhole).Select(one => one.Platform?.ToString()).OfType<string>().Distinct()];
        throw otherwise is not null && incomplete.Length > 0 && selection.AllImages.Any(one => one.IsWhole)
            ? new CtrException(
                CtrErrorIds.BlobMissing,
                CtrStatus.NotFound,
                $"{cannot}: its index names platforms that are not whole here: {string.Join(", ", incomplete)}.")
            {
                Target = image,
                RecommendedAction = otherwise,
                Details = [.. faults.Take(20).Select(one => one.Reason)],
            }
            : BlobFaults.Refuse(cannot, faults);
    }

    /// <summary>
    /// Refuses what the source promises and cannot read: the metadata may name what a power loss or a hand in the folder took. A source that cannot
    /// ask for that says nothing.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>, <see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static async Task RequireReadableAsync(
        string cannot, IEnumerable<MovedBlob> blobs, int concurrency, CancellationToken cancellationToken)
    {
        await foreach (CtrException? fault in OrderedParallel.SelectAsync(
            blobs.Where(blob => !blob.Node.IsDocument),
            concurrency,
            async (blob, token) => await blob.Source.ProbeAsync(blob.Node.Descriptor, token).ConfigureAwait(false) is { } unreadable
                ? BlobFaults.Refuse(cannot, BlobFaults.Damaged(blob.Node, blob.Manifest, blob.Source, unreadable), unreadable)
                : null,
            cancellationToken).ConfigureAwait(false))
        {
            if (fault is not null)
            {
                throw fault;
            }
        }
    }
}
