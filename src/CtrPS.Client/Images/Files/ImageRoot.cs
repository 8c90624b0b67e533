using CtrPS.Client.Formats;
using CtrPS.Client.Oci;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Images.Files;

/// <inheritdoc/>
internal sealed class ImageRoot : ICtrImageRoot
{
    /// <summary>Layers that are read at the same time: each keeps a core busy, and another one hashes.</summary>
    private const int Concurrency = 4;

    private readonly ImageSource _source;
    private readonly LayerIndexes _indexes;
    private readonly PlatformImage _image;
    private readonly ImageNode[] _layers;
    private readonly LayerIndex?[] _read;

    public ImageRoot(ImageSource source, LayerIndexes indexes, PlatformImage image)
    {
        _source = source;
        _indexes = indexes;
        _image = image;
        _layers = [.. image.Manifest.Layers.Reverse()];
        _read = new LayerIndex?[_layers.Length];
    }

    private string Cannot => $"The files of image '{_image.Image.Name}' in namespace '{_image.Image.Namespace}' cannot be read";

    public async Task<CtrImageFile?> FindAsync(string path, bool follow, CancellationToken cancellationToken)
    {
        var ahead = new LinkedList<string>(Parts(path));
        var found = new List<string>();
        Spot? spot = Root;
        for (int links = 0; ahead.First is { } next;)
        {
            ahead.RemoveFirst();
            if (next.Value == "..")
            {
                found.RemoveRange(Math.Max(0, found.Count - 1), Math.Min(1, found.Count));
                spot = await FindAsync(found, 0, cancellationToken).ConfigureAwait(false);
                continue;
            }

            found.Add(next.Value);
            spot = await FindAsync(found, 0, cancellationToken).ConfigureAwait(false);
            if (spot is null)
            {
                return null;
            }

            if (spot.File is { Kind: CtrFileKind.SymbolicLink } link && (follow || ahead.Count > 0))
            {
                if (++links > LayerLimits.MaxLinks)
                {
                    throw new CtrException(
                        CtrErrorIds.InvalidArgument,
                        CtrStatus.InvalidArgument,
                        $"'{path}' of image '{_image.Image.Name}' leads over more than {LayerLimits.MaxLinks} links.")
                    {
                        Target = path,
                    };
                }

                found.RemoveAt(found.Count - 1);
                spot = Root;
                if (link.Link.StartsWith('/'))
                {
                    found.Clear();
                }

                foreach (string part in Parts(link.Link).Reverse())
                {
                    _ = ahead.AddFirst(part);
                }

                if (ahead.Count == 0 && found.Count > 0)
                {
                    spot = await FindAsync(found, 0, cancellationToken).ConfigureAwait(false);
                }
            }
            else if (ahead.Count > 0 && !spot.IsFolder)
            {
                return null;
            }
        }

        return spot is null ? null : Tell(found, spot, CtrFileState.Visible);
    }

    public async Task<CtrImageFile?> FindInLayerAsync(string layer, string path, CancellationToken cancellationToken)
    {
        int at = Array.FindIndex(_layers, one => one.Descriptor.Digest == layer);
        if (at < 0)
        {
            return null;
        }

        List<string> parts = [.. Parts(path)];
        LayerNode? node = (await ReadAsync(at, cancellationToken).ConfigureAwait(false)).Root;
        foreach (string part in parts)
        {
            node = node?.Find(part);
        }

        if (node is null or { IsWhiteout: true })
        {
            return null;
        }

        Spot spot = await ResolveAsync(new Spot(at, node.File, node), cancellationToken).ConfigureAwait(false);
        Spot? visible = await FindAsync(parts, 0, cancellationToken).ConfigureAwait(false);
        return Tell(parts, spot, visible is null ? CtrFileState.Deleted : visible.Node == node ? CtrFileState.Visible : CtrFileState.Replaced);
    }

    public async Task<IReadOnlyList<CtrImageFile>> ListAsync(string folder, bool hidden, CancellationToken cancellationToken)
    {
        await ReadAllAsync(cancellationToken).ConfigureAwait(false);
        List<string> parts = [.. Parts(folder)];
        var level = new Level([], []);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            LayerNode root = _read[layer]!.Root;
            (level.IsClosed ? level.Hidden : level.Visible).Add((layer, root));
            level.IsClosed |= root.IsOpaque;
        }

        foreach (string part in parts)
        {
            level = level.Enter(part);
        }

        var files = new List<CtrImageFile>();
        IEnumerable<(int Layer, LayerNode Node)> shown = hidden ? level.Visible.Concat(level.Hidden) : level.Visible;
        foreach (string name in shown.SelectMany(one => one.Node.Children?.Keys ?? Enumerable.Empty<string>())
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Level below = level.Enter(name);
            parts.Add(name);
            if (below.Visible is [(_, var top), ..])
            {
                // A folder that the layer does not name itself is made like the one below it.
                int at = Math.Max(0, below.Visible.FindIndex(one => one.Node.File is not null));
                (int layer, LayerNode named) = below.Visible[at];
                files.Add(Tell(
                    parts,
                    await ResolveAsync(new Spot(layer, named.File, top), cancellationToken).ConfigureAwait(false),
                    CtrFileState.Visible));
            }

            foreach ((int place, LayerNode node) in hidden ? below.Hidden : [])
            {
                // What lies in a folder that is there in another layer as well is told by itself.
                if (node.File is not null && !(node.IsFolder && below.Visible is [{ Node.IsFolder: true }, ..]))
                {
                    files.Add(Tell(
                        parts,
                        await ResolveAsync(new Spot(place, node.File, node), cancellationToken).ConfigureAwait(false),
                        below.Visible.Count > 0 ? CtrFileState.Replaced : CtrFileState.Deleted));
                }
            }

            parts.RemoveAt(parts.Count - 1);
        }

        return files;
    }

    public async Task<Stream> OpenAsync(CtrImageFile file, CancellationToken cancellationToken)
    {
        Spot spot = SpotOf(file);
        if (spot.File!.Size == 0)
        {
            return Stream.Null;
        }

        LayerIndex layer = await ReadAsync(spot.Layer, cancellationToken).ConfigureAwait(false);
        var content = new LayerContent(_source, layer);
        try
        {
            return new OwnedContent(await content.OpenAsync(spot.File, cancellationToken).ConfigureAwait(false), content);
        }
        catch
        {
            await content.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task ReadAsync(IEnumerable<CtrImageFile> files, Func<CtrImageFile, Stream, Task> take, CancellationToken cancellationToken)
    {
        foreach (IGrouping<int, CtrImageFile> group in files.GroupBy(file => SpotOf(file).Layer).OrderBy(group => group.Key))
        {
            var content = new LayerContent(_source, await ReadAsync(group.Key, cancellationToken).ConfigureAwait(false));
            await using (content.ConfigureAwait(false))
            {
                foreach (CtrImageFile file in group.OrderBy(file => SpotOf(file).File!.Offset))
                {
                    LayerFile own = SpotOf(file).File!;
                    await take(file, own.Size == 0 ? Stream.Null : await content.OpenAsync(own, cancellationToken).ConfigureAwait(false))
                        .ConfigureAwait(false);
                }
            }
        }
    }

    public Task<IReadOnlyList<CtrCopyNote>> CopyAsync(
        IReadOnlyList<(CtrImageFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken) =>
        new FileCopier(new Source(this), options, () => WrittenFolder.Open(options.Folder), meter)
            .CopyAsync([.. files.Select(file => ((ICtrCopiedFile)file.File, file.Name))], cancellationToken);

    private static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");

    private static Spot SpotOf(CtrImageFile file) => (Spot)file.Handle!;

    private Spot Root => new(_layers.Length - 1, null, new LayerNode());

    /// <summary>What stands at a path without links in it, in a layer and those below. Null: nothing.</summary>
    private async Task<Spot?> FindAsync(List<string> parts, int from, CancellationToken cancellationToken)
    {
        if (parts.Count == 0)
        {
            return Root;
        }

        Spot? folder = null;
        for (int layer = from; layer < _layers.Length; layer++)
        {
            LayerNode node = (await ReadAsync(layer, cancellationToken).ConfigureAwait(false)).Root;
            bool hides = node.IsOpaque;
            bool isThere = true;
            for (int i = 0; i < parts.Count; i++)
            {
                if (node.Find(parts[i]) is not { } child)
                {
                    isThere = false;
                    break;
                }

                node = child;
                if (node.IsWhiteout || (!node.IsFolder && i < parts.Count - 1))
                {
                    return folder;
                }

                hides |= node.IsFolder && node.IsOpaque;
            }

            if (isThere && !node.IsFolder)
            {
                return folder ?? await ResolveAsync(new Spot(layer, node.File, node), cancellationToken).ConfigureAwait(false);
            }

            if (isThere)
            {
                folder = new Spot(layer, node.File, folder?.Node ?? node);
                if (node.File is not null)
                {
                    return folder;
                }
            }

            if (hides)
            {
                return folder;
            }
        }

        return folder;
    }

    /// <summary>Where the bytes of a file are: those of a hard link may be in a lower layer.</summary>
    private async Task<Spot> ResolveAsync(Spot spot, CancellationToken cancellationToken)
    {
        for (int links = 0; spot.File is { IsForeignLink: true } link; links++)
        {
            Spot? target = links < LayerLimits.MaxLinks
                ? await FindAsync(LayerTree.Clean(link.Link), spot.Layer + 1, cancellationToken).ConfigureAwait(false)
                : null;
            if (target is not { File: { IsFolder: false } other })
            {
                throw new CtrException(
                    CtrErrorIds.BlobCorrupt,
                    CtrStatus.DataLoss,
                    $"{Cannot}: a hard link in its layer '{_layers[spot.Layer].Descriptor.Digest}' points to '{ForeignText.Show(link.Link)}', "
                        + "which is no file of it or of a lower layer.")
                {
                    Target = _image.Image.Name,
                    RecommendedAction = BlobFaults.NoWayOut,
                };
            }

            spot = new Spot(target.Layer, other, spot.Node);
        }

        return spot;
    }

    private async Task<LayerIndex> ReadAsync(int layer, CancellationToken cancellationToken)
    {
        if (_read[layer] is { } known)
        {
            return known;
        }

        var reader = new LayerReader(_source, _layers[layer], _image.Manifest, Cannot);
        LayerIndex index =
            await _indexes.GetAsync(_layers[layer].Descriptor.Digest, reader.ReadAsync, cancellationToken).ConfigureAwait(false);
        _read[layer] = index;
        long memory = _read.OfType<LayerIndex>().Distinct().Sum(one => one.Memory);
        return memory <= LayerLimits.MaxImageMemory ? index : throw new CtrException(
            CtrErrorIds.ImageTooLarge,
            CtrStatus.ResourceExhausted,
            $"{Cannot}: the names in its layers take more than {LayerLimits.MaxImageMemory >> 20} MiB of memory.")
        {
            Target = _image.Image.Name,
        };
    }

    private Task ReadAllAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Enumerable.Range(0, _layers.Length).Where(layer => _read[layer] is null),
        new ParallelOptions { MaxDegreeOfParallelism = Math.Min(Concurrency, Environment.ProcessorCount), CancellationToken = cancellationToken },
        async (layer, token) => await ReadAsync(layer, token).ConfigureAwait(false));

    private CtrImageFile Tell(IReadOnlyList<string> parts, Spot spot, CtrFileState state)
    {
        // What no layer names is made by who unpacks: for root, readable by all.
        LayerFile file = spot.File ?? new LayerFile { Kind = CtrFileKind.Directory, Mode = 0x1ED };
        return new CtrImageFile
        {
            Image = _image.Image.Name,
            Namespace = _image.Image.Namespace,
            Session = _image.Image.Session,
            ImageDigest = _image.Image.Digest,
            Platform = _image.Manifest.Platform,
            Path = "/" + string.Join('/', parts),
            Kind = file.Kind,
            Mode = file.Mode,
            Uid = file.Uid,
            Gid = file.Gid,
            User = file.User,
            Group = file.Group,
            Size = file.Size,
            Offset = file.Offset,
            LastWriteTime = file.ModifiedAt,
            LinkTarget = file.Kind == CtrFileKind.SymbolicLink ? file.Link : null,
            LinkCount = file.Names,
            DeviceMajor = file.DeviceMajor,
            DeviceMinor = file.DeviceMinor,
            ExtendedAttributes = file.Extended is null
                ? CtrMap<string>.Empty
                : CtrMap.Of(file.Extended.Select(one => KeyValuePair.Create(one.Key, "0x" + Convert.ToHexStringLower(one.Value)))),
            Layer = _layers.Length == 0 ? "" : _layers[spot.Layer].Descriptor.Digest,
            LayerIndex = _layers.Length - spot.Layer,
            State = state,
            Handle = spot,
        };
    }

    /// <summary>The image for who writes its files.</summary>
    private sealed class Source(ImageRoot root) : ICopySource
    {
        public async Task<IReadOnlyList<ICtrCopiedFile>> ListAsync(ICtrCopiedFile folder, CancellationToken cancellationToken) =>
            await root.ListAsync(folder.Path, hidden: false, cancellationToken).ConfigureAwait(false);

        /// <remarks>What fails in a layer fails for all that is in it.</remarks>
        public Task ReadAsync(
            IEnumerable<ICtrCopiedFile> files,
            Func<ICtrCopiedFile, Stream, Task> take,
            Action<ICtrCopiedFile, Exception> fail,
            CancellationToken cancellationToken) => root.ReadAsync(files.Cast<CtrImageFile>(), take, cancellationToken);
    }

    /// <summary>Something at a path.</summary>
    /// <param name="Layer">The layer with its bytes, counted from the top.</param>
    /// <param name="File">What it is. Null: a folder that no layer names.</param>
    /// <param name="Node">Its name in the highest layer that has it.</param>
    private sealed record Spot(int Layer, LayerFile? File, LayerNode Node)
    {
        public bool IsFolder => File is null or { IsFolder: true };
    }

    /// <summary>What the layers have at a path, from the top down.</summary>
    /// <param name="Visible">One that is no folder, or the folders of which the image's is made.</param>
    /// <param name="Hidden">What is below those.</param>
    private sealed record Level(List<(int Layer, LayerNode Node)> Visible, List<(int Layer, LayerNode Node)> Hidden)
    {
        /// <summary>What comes further down is hidden.</summary>
        public bool IsClosed { get; set; }

        public Level Enter(string name)
        {
            var below = new Level([], []);
            foreach ((int layer, LayerNode node) in Visible)
            {
                if (node.Find(name) is not { } child)
                {
                    continue;
                }

                if (child.IsWhiteout)
                {
                    below.IsClosed = true;
                }
                else if (below.IsClosed || (!child.IsFolder && below.Visible.Count > 0))
                {
                    below.Hidden.Add((layer, child));
                    below.IsClosed = true;
                }
                else
                {
                    below.Visible.Add((layer, child));
                    below.IsClosed = !child.IsFolder || child.IsOpaque;
                }
            }

            foreach ((int layer, LayerNode node) in Hidden)
            {
                if (node.Find(name) is { IsWhiteout: false } child)
                {
                    below.Hidden.Add((layer, child));
                }
            }

            return below;
        }
    }

    /// <summary>The content of one file, with what it is read by.</summary>
    private sealed class OwnedContent(Stream content, LayerContent owner) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            content.ReadAsync(buffer, cancellationToken);

        public override async ValueTask DisposeAsync()
        {
            await owner.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                // Where it was disposed of already, nothing is left to do.
                owner.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }

            base.Dispose(disposing);
        }
    }
}
