using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// Merges the layers of an image into one. They are read twice: for what they say of their files, which is kept, and for the bytes of the files that
/// are left, which go through. Folders, links and devices come first, by names; then the files, in the order of the layers.
/// </summary>
/// <param name="source">Where the layers are.</param>
/// <param name="layers">The layers, the lowest first, with what the config says they unpack to.</param>
/// <param name="meter">Counts the stored bytes, each reading.</param>
internal sealed class LayerMerge(IBlobSource source, IReadOnlyList<(Descriptor Blob, string DiffId)> layers, CtrTransferMeter meter)
{
    /// <summary>Writes the merged layer.</summary>
    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        var tree = new MergedTree(what => new CtrException(
            CtrErrorIds.ImageTooLarge, CtrStatus.FailedPrecondition, $"The layers cannot be merged: {what}"));
        for (int i = 0; i < layers.Count; i++)
        {
            int layer = i;
            await ReadAsync(layer, (place, scanner, _) =>
            {
                if (scanner.FactsOfCurrent() is { } facts)
                {
                    tree.Add(layer, place, facts);
                }

                return Task.CompletedTask;
            }, cancellationToken).ConfigureAwait(false);
        }

        var tar = new TarEncoder(output);
        foreach (TarEntryFacts facts in tree.Settle())
        {
            await tar.WriteAsync(facts, null, cancellationToken).ConfigureAwait(false);
        }

        for (int i = 0; i < layers.Count; i++)
        {
            int layer = i;
            if (tree.HasFilesOf(layer))
            {
                await ReadAsync(layer, (place, scanner, token) => WriteFileAsync(tar, tree.Find(layer, place), scanner, token), cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        await tar.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task WriteFileAsync(
        TarEncoder tar, (TarEntryFacts Facts, IReadOnlyList<string> Names)? left, TarScanner scanner, CancellationToken cancellationToken)
    {
        if (left is not var (facts, names))
        {
            return;
        }

        await tar.WriteAsync(facts with { Name = names[0] }, scanner.OpenCurrent(), cancellationToken).ConfigureAwait(false);
        foreach (string name in names.Skip(1))
        {
            await tar.WriteAsync(
                facts with { Name = name, Type = TarEntryFacts.HardLink, LinkName = names[0] }, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(int layer, Func<long, TarScanner, CancellationToken, Task> entry, CancellationToken cancellationToken)
    {
        (Descriptor blob, string diffId) = layers[layer];
        PlainLayer plain = await PlainLayer.OpenAsync(source, blob, diffId, meter, cancellationToken).ConfigureAwait(false);
        await using (plain.ConfigureAwait(false))
        {
            var scanner = new TarScanner(plain, LayerFaults.For(blob));
            for (long place = 0; await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is not null; place++)
            {
                await entry(place, scanner, cancellationToken).ConfigureAwait(false);
            }

            await plain.FinishAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>The errors about the tar of a layer.</summary>
internal static class LayerFaults
{
    public static FormatFault For(Descriptor layer) => (kind, what, cause) =>
        new CtrException(
            kind == FormatFaultKind.Limit ? CtrErrorIds.ImageTooLarge : CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss,
            $"The files of layer '{layer.Digest}' cannot be read: {what}", cause)
        {
            Target = layer.Digest,
        };
}
