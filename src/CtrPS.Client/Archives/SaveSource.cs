using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>A namespace of a daemon that images are saved from.</summary>
internal sealed class SaveSource(ContainerdConnection connection, string @namespace, bool listed, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, Task<ImageNode>> _graphs = new(StringComparer.Ordinal);
    private Task<string?>? _snapshotter;

    public ContainerdConnection Connection => connection;

    public string Namespace => @namespace;

    public IBlobSource Blobs { get; } = new NamespaceBlobs(connection.Content, @namespace, listed, cancellationToken);

    /// <summary>The image below a target; several names of one image are read once.</summary>
    public Task<ImageNode> ReadGraphAsync(Descriptor target)
    {
        if (!_graphs.TryGetValue(target.Digest, out Task<ImageNode>? graph))
        {
            _graphs[target.Digest] = graph = ImageGraph.ReadAsync(Blobs, target, cancellationToken);
        }

        return graph;
    }

    /// <summary>Whether the bytes that the metadata promises can be read. Null where they can; else why not.</summary>
    public Task<CtrException?> ProbeAsync(Descriptor blob, CancellationToken token) => connection.Content.ProbeAsync(@namespace, blob.Digest, blob.Size, token);

    /// <summary>Why a blob of a manifest is not there, as far as what is left tells.</summary>
    public async Task<MissingCause> CauseAsync(ImageNode blob, ImageNode? manifest, CancellationToken token)
    {
        if (blob.Kind != ImageNodeKind.Layer || manifest?.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType))
        {
            return MissingCause.NeverFetched;
        }

        _snapshotter ??= SnapshotterAsync(token);
        if (await _snapshotter.ConfigureAwait(false) is not { } snapshotter)
        {
            return MissingCause.NeverFetched;
        }

        ImageConfig parsed;
        try
        {
            parsed = ImageConfig.Parse(await Blobs.ReadAsync(config.Descriptor, token).ConfigureAwait(false), config.Descriptor);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            // The config's own fault is told besides; of the layer it tells nothing then.
            return MissingCause.NeverFetched;
        }

        int index = manifest.Layers.ToList().IndexOf(blob);
        return index >= 0 && index < parsed.DiffIds.Count
            && await connection.Snapshots.FindAsync(@namespace, snapshotter, parsed.ChainIds[index], token).ConfigureAwait(false) is not null
            ? MissingCause.DiscardedAfterUnpack
            : MissingCause.NeverFetched;
    }

    /// <summary>The snapshotter of the namespace. Null where the server has none at work that we could ask.</summary>
    private async Task<string?> SnapshotterAsync(CancellationToken token)
    {
        try
        {
            return await connection.Unpacker.ChooseSnapshotterAsync(@namespace, null, token).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NotSupported)
        {
            return null;
        }
    }
}

/// <summary>Why a blob is probably not in the content store.</summary>
internal enum MissingCause
{
    /// <summary>It was never brought here.</summary>
    NeverFetched,

    /// <summary>It was dropped when its snapshot was made (discard_unpacked_layers), or never brought as the snapshot was there.</summary>
    DiscardedAfterUnpack,
}
