using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Containers.Users;

/// <summary>
/// A root file system in the layers of an image, read out of the content store from the top down. A layer is read once for what it has, and only as
/// long as what is looked for has not been found. Works without root and from afar.
/// </summary>
/// <param name="blobs">Where the layers are.</param>
/// <param name="layers">The layers, top first.</param>
internal sealed class LayerFiles(IBlobSource blobs, IReadOnlyList<Descriptor> layers) : RootFiles
{
    private readonly Dictionary<string, RootEntry>?[] _entries = new Dictionary<string, RootEntry>?[layers.Count];
    private readonly Dictionary<RootEntry, byte[]> _kept = [];

    protected override async ValueTask<RootEntry?> FindAsync(IReadOnlyList<string> parts, CancellationToken cancellationToken)
    {
        string name = string.Join('/', parts);
        for (int layer = 0; layer < layers.Count; layer++)
        {
            Dictionary<string, RootEntry> entries = _entries[layer] ??= await ScanAsync(layer, cancellationToken).ConfigureAwait(false);
            if (entries.TryGetValue(name, out RootEntry? entry))
            {
                return entry;
            }

            string folder = "";
            for (int i = 0; i < parts.Count; i++)
            {
                bool isLast = i == parts.Count - 1;
                string path = folder + parts[i];
                if (entries.ContainsKey(folder + Whiteouts.Prefix + parts[i]) || (!isLast && HidesWhatIsBelow(entries, path)))
                {
                    return null;
                }

                folder = path + "/";
            }

            // The tar of a layer may leave out the folders on the way.
            if (entries.Keys.Any(key => key.StartsWith(folder, StringComparison.Ordinal)))
            {
                return new RootEntry(RootEntryKind.Folder, name, layer, "");
            }

            if (entries.ContainsKey(Whiteouts.Opaque))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>Whether lower layers show nothing of a folder: it is marked as opaque, or is no folder any more.</summary>
    private static bool HidesWhatIsBelow(Dictionary<string, RootEntry> entries, string path) =>
        entries.ContainsKey($"{path}/{Whiteouts.Opaque}") || (entries.TryGetValue(path, out RootEntry? entry) && entry.Kind != RootEntryKind.Folder);

    protected override async ValueTask<byte[]> ReadAsync(RootEntry entry, CancellationToken cancellationToken)
    {
        if (_kept.TryGetValue(entry, out byte[]? kept))
        {
            return kept;
        }

        byte[] bytes = [];
        await VisitAsync(entry.Layer, async (scanner, item) =>
        {
            if (item.Kind == TarItemKind.File && Clean(item.Name) == entry.Place)
            {
                bytes = await ReadAsync(scanner.OpenCurrent(), cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    private async Task<Dictionary<string, RootEntry>> ScanAsync(int layer, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, RootEntry>(StringComparer.Ordinal);
        await VisitAsync(layer, async (scanner, item) =>
        {
            string name = Clean(item.Name);
            RootEntry entry = item.Kind switch
            {
                TarItemKind.File => new RootEntry(RootEntryKind.File, name, layer, ""),
                TarItemKind.SymbolicLink => new RootEntry(RootEntryKind.Link, name, layer, item.LinkName),
                // The other name is in the same layer.
                TarItemKind.HardLink => new RootEntry(RootEntryKind.Link, name, layer, "/" + Clean(item.LinkName)),
                _ => new RootEntry(RootEntryKind.Folder, name, layer, ""),
            };
            entries[name] = entry;
            if (item is { Kind: TarItemKind.File, Size: <= 1 << 20 } && Path.GetFileName(name) is "passwd" or "group")
            {
                _kept[entry] = await ReadAsync(scanner.OpenCurrent(), cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken).ConfigureAwait(false);
        return entries;
    }

    private async Task VisitAsync(int layer, Func<TarScanner, TarItem, Task> visit, CancellationToken cancellationToken)
    {
        Descriptor blob = layers[layer];
        try
        {
            await VisitAsync(blob, visit, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or InsufficientMemoryException)
        {
            // The digest is right, so it was made so: what is compressed in it is damaged.
            throw Fault(blob, e.Message, e);
        }
    }

    private async Task VisitAsync(Descriptor blob, Func<TarScanner, TarItem, Task> visit, CancellationToken cancellationToken)
    {
        Stream packed = await blobs.OpenAsync(blob, 0, cancellationToken).ConfigureAwait(false);
        await using (packed.ConfigureAwait(false))
        {
            var buffered = new BufferedStream(packed, 1 << 17);
            byte[] head = new byte[Compressors.MagicLength];
            int read = await buffered.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            Stream whole = new PrefixedStream(head.AsMemory(0, read), buffered);
            Stream tar = Compressors.Decompress(whole, Compressors.Detect(head.AsSpan(0, read)));
            await using (tar.ConfigureAwait(false))
            {
                var scanner = new TarScanner(tar, (_, what, cause) => Fault(blob, what, cause));
                while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
                {
                    await visit(scanner, item).ConfigureAwait(false);
                }
            }
        }
    }

    private static CtrException Fault(Descriptor layer, string what, Exception? cause) =>
        new(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The files of layer '{layer.Digest}' cannot be read: {what}", cause)
        {
            Target = layer.Digest,
        };

    private static async Task<byte[]> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        int read;
        while (bytes.Length <= MaxSize && (read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    private static string Clean(string name) => string.Join('/', name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."));
}
