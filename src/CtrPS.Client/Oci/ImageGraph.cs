using System.Collections.Concurrent;

namespace CtrPS.Client.Oci;

/// <summary>
/// Reads images of one source from their targets down: every blob that belongs to them, for all platforms, and whether it is there. Faults of
/// blobs are told on the nodes, not thrown. A blob is read once, however often and by however many images it is listed. Safe for concurrent use.
/// </summary>
/// <param name="source">Where the images are.</param>
/// <param name="cancellationToken">Ends all reading.</param>
/// <param name="documents">Documents that were read before, for who wants them fast rather than proven anew. Null: none.</param>
internal sealed class ImageGraph(IBlobSource source, CancellationToken cancellationToken, DocumentCache? documents = null)
{
    /// <summary>Documents on one way down. Nobody makes indexes in indexes in indexes.</summary>
    public const int MaxDepth = 8;

    /// <summary>Descriptors that one image may list. Real ones have some hundreds.</summary>
    public const int MaxDescriptors = 100_000;

    /// <summary>Questions about blobs under way at the same time, for each document.</summary>
    private const int Concurrency = 16;

    private readonly ConcurrentDictionary<Key, Lazy<Task<BlobState>>> _states = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<CtrPlatform?>>> _platforms = new(StringComparer.Ordinal);

    /// <summary>Reads one image, of which nothing is known yet.</summary>
    /// <exception cref="CtrException">See the other.</exception>
    public static Task<ImageNode> ReadAsync(IBlobSource source, Descriptor target, CancellationToken cancellationToken) =>
        new ImageGraph(source, cancellationToken).ReadAsync(target).AsTask();

    /// <summary>Reads the graph below a target.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageTooLarge"/>, of an archive <see cref="CtrErrorIds.ArchiveLimit"/>: it is beyond <see cref="MaxDepth"/> or
    /// <see cref="MaxDescriptors"/>.
    /// </exception>
    public ValueTask<ImageNode> ReadAsync(Descriptor target) => NodeAsync(target, KindOf(target), 0, new Budget(target));

    private async ValueTask<ImageNode> NodeAsync(Descriptor descriptor, ImageNodeKind kind, int depth, Budget budget)
    {
        bool isDocument = kind is ImageNodeKind.Index or ImageNodeKind.Manifest;
        if (isDocument && depth >= MaxDepth)
        {
            throw TooDeep(budget);
        }

        BlobState state = await _states.GetOrAdd(
            new Key(descriptor.Digest, descriptor.MediaType, descriptor.Size, isDocument),
            _ => new Lazy<Task<BlobState>>(() => StateAsync(descriptor, isDocument, depth, budget))).Value.ConfigureAwait(false);

        // Where it was read on a shorter way, what is below may be too deep on this one.
        return depth + state.Height > MaxDepth ? throw TooDeep(budget) : new ImageNode
        {
            Descriptor = descriptor,
            Kind = kind,
            State = state,
            Platform = kind == ImageNodeKind.Manifest ? descriptor.Platform ?? await PlatformAsync(state).ConfigureAwait(false) : null,
        };
    }

    private async Task<BlobState> StateAsync(Descriptor descriptor, bool isDocument, int depth, Budget budget)
    {
        long? size = await source.FindAsync(descriptor, cancellationToken).ConfigureAwait(false);
        if (size is null)
        {
            return BlobState.Absent;
        }

        if (size != descriptor.Size)
        {
            return new BlobState { StoredSize = size, Fault = WrongSize(descriptor, size.Value) };
        }

        // What a daemon has already is left as it is.
        if (descriptor.MediaType.Length == 0 && source.Place != BlobPlace.Namespace)
        {
            return new BlobState { StoredSize = size, Fault = NoMediaType(descriptor) };
        }

        if (!isDocument)
        {
            return new BlobState { StoredSize = size };
        }

        ManifestDocument document;
        try
        {
            document = documents is null
                ? ManifestDocument.Parse(await source.ReadAsync(descriptor, cancellationToken).ConfigureAwait(false), descriptor)
                : await documents.ReadAsync(source, descriptor, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (IsBlobFault(e))
        {
            // Missing although found a moment ago: collected in between, or its file is gone under the store.
            return new BlobState { StoredSize = size, Fault = e };
        }

        if (budget.Take(document.Children.Count) > MaxDescriptors)
        {
            throw TooLarge(budget, $"it lists more than {MaxDescriptors} blobs.");
        }

        ImageNode[] children = await ChildrenAsync(document, depth + 1, budget).ConfigureAwait(false);
        int height = children.Length == 0 ? 0 : children.Max(child => child.State.Height);
        return new BlobState { StoredSize = size, Children = children, Height = height + 1 };
    }

    private async Task<ImageNode[]> ChildrenAsync(ManifestDocument document, int depth, Budget budget)
    {
        // The same descriptor twice is the same place.
        var places = new Dictionary<(Descriptor, ImageNodeKind), int>();
        var distinct = new List<(Descriptor Descriptor, ImageNodeKind Kind)>();
        int[] order = new int[document.Children.Count];
        for (int i = 0; i < order.Length; i++)
        {
            Descriptor child = document.Children[i];
            (Descriptor, ImageNodeKind) place =
                (child, document.IsIndex ? KindOf(child) : i == 0 && document.HasConfig ? ImageNodeKind.Config : ImageNodeKind.Layer);
            if (places.TryAdd(place, distinct.Count))
            {
                distinct.Add(place);
            }

            order[i] = places[place];
        }

        var nodes = new ImageNode[distinct.Count];
        var asked = new Queue<(int Place, Task<ImageNode> Answer)>();
        try
        {
            for (int i = 0; i < nodes.Length; i++)
            {
                ValueTask<ImageNode> answer = NodeAsync(distinct[i].Descriptor, distinct[i].Kind, depth, budget);
                if (answer.IsCompletedSuccessfully)
                {
                    nodes[i] = answer.Result;
                    continue;
                }

                asked.Enqueue((i, answer.AsTask()));
                if (asked.Count >= Concurrency)
                {
                    await NextAsync().ConfigureAwait(false);
                }
            }

            while (asked.Count > 0)
            {
                await NextAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            // Where one failed, that is what matters; but nobody may be at work any more.
            await ((Task)Task.WhenAll(asked.Select(one => one.Answer))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Array.ConvertAll(order, place => nodes[place]);

        async Task NextAsync()
        {
            (int place, Task<ImageNode> answer) = asked.Dequeue();
            nodes[place] = await answer.ConfigureAwait(false);
        }
    }

    /// <summary>The platform that the config of a manifest names.</summary>
    private async ValueTask<CtrPlatform?> PlatformAsync(BlobState manifest)
    {
        if (manifest.Children is not [{ Kind: ImageNodeKind.Config, IsSound: true, Descriptor: { } config }, ..]
            || !MediaTypes.IsImageConfig(config.MediaType))
        {
            return null;
        }

        return await _platforms.GetOrAdd(
            config.Digest, _ => new Lazy<Task<CtrPlatform?>>(() => ReadPlatformAsync(config))).Value.ConfigureAwait(false);
    }

    private async Task<CtrPlatform?> ReadPlatformAsync(Descriptor config)
    {
        try
        {
            return documents is null
                ? ImageConfigDocument.ParseSummary(await source.ReadAsync(config, cancellationToken).ConfigureAwait(false), config).Platform
                : (await documents.ReadConfigAsync(source, config, cancellationToken).ConfigureAwait(false)).Platform;
        }
        catch (CtrException e) when (IsBlobFault(e))
        {
            // The config's own fault comes out when its bytes are needed; here it only leaves the platform unknown.
            return null;
        }
    }

    private static ImageNodeKind KindOf(Descriptor descriptor) => MediaTypes.IsIndex(descriptor.MediaType) ? ImageNodeKind.Index
        : MediaTypes.IsManifest(descriptor.MediaType) ? ImageNodeKind.Manifest
        : ImageNodeKind.Other;

    private static bool IsBlobFault(CtrException e) => e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt;

    private CtrException WrongSize(Descriptor descriptor, long size) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The blob '{descriptor.Digest}' has {size} bytes in {source.Words}, but its descriptor says {descriptor.Size}.")
    {
        Target = descriptor.Digest,
    };

    private CtrException NoMediaType(Descriptor descriptor) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The descriptor of the blob '{descriptor.Digest}' in {source.Words} has no media type: nothing says what the blob is, "
            + "and containerd keeps no image of it.")
    {
        Target = descriptor.Digest,
        RecommendedAction = BlobFaults.NoWayOut,
    };

    private CtrException TooDeep(Budget budget) => TooLarge(budget, $"its indexes are more than {MaxDepth} deep.");

    private CtrException TooLarge(Budget budget, string why) => new(
        source.Place == BlobPlace.Archive ? CtrErrorIds.ArchiveLimit : CtrErrorIds.ImageTooLarge,
        CtrStatus.ResourceExhausted,
        $"The image {budget.Image.Digest} in {source.Words} is refused: {why}")
    {
        Target = budget.Image.Digest,
        RecommendedAction = "No real image needs that much. Get it from where it was built, or build it anew.",
    };

    private readonly record struct Key(string Digest, string MediaType, long Size, bool IsDocument);

    /// <summary>How many descriptors were read on behalf of one image.</summary>
    private sealed class Budget(Descriptor image)
    {
        private int _taken;

        public Descriptor Image => image;

        public int Take(int count) => Interlocked.Add(ref _taken, count);
    }
}
