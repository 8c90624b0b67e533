using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>The images of one namespace of a daemon: their blobs, and why one of them is not there.</summary>
internal sealed class ImageSource : NamespaceBlobs
{
    private readonly ContainerdConnection _connection;
    private readonly ImageGraph _graph;
    private Task<string?>? _snapshotter;

    /// <param name="connection">The daemon.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="listed">Ask with one listing, once, instead of blob by blob: for many images.</param>
    /// <param name="cancellationToken">Ends all reading.</param>
    public ImageSource(ContainerdConnection connection, string @namespace, bool listed, CancellationToken cancellationToken)
        : base(connection.Content, @namespace, listed, cancellationToken)
    {
        _connection = connection;
        _graph = new ImageGraph(this, cancellationToken);
    }

    public ContainerdConnection Connection => _connection;

    /// <summary>The image below a target. What several images share is read once.</summary>
    public ValueTask<ImageNode> ReadGraphAsync(Descriptor target) => _graph.ReadAsync(target);

    /// <summary>Why a blob of a manifest is not there, as far as what is left tells.</summary>
    public override async ValueTask<MissingCause> FindCauseAsync(ImageNode blob, ImageNode? manifest, CancellationToken cancellationToken)
    {
        if (blob.Kind != ImageNodeKind.Layer || manifest?.Config is not { IsSound: true } config
            || !MediaTypes.IsImageConfig(config.Descriptor.MediaType))
        {
            return MissingCause.NeverFetched;
        }

        _snapshotter ??= _connection.Unpacker.FindSnapshotterAsync(Namespace, null, cancellationToken);
        if (await _snapshotter.ConfigureAwait(false) is not { } snapshotter)
        {
            return MissingCause.NeverFetched;
        }

        ImageConfig parsed;
        try
        {
            parsed = ImageConfig.Parse(await ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false), config.Descriptor);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            // The config's own fault is told besides; of the layer it tells nothing then.
            return MissingCause.NeverFetched;
        }

        int index = manifest.Layers.ToList().IndexOf(blob);
        return index >= 0 && index < parsed.DiffIds.Count
            && await _connection.Snapshots.FindAsync(
                Namespace, snapshotter, parsed.ChainIds[index], cancellationToken).ConfigureAwait(false) is not null
            ? MissingCause.DiscardedAfterUnpack
            : MissingCause.NeverFetched;
    }
}
