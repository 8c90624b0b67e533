using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>The blobs of one namespace of a containerd.</summary>
internal class NamespaceBlobs : IBlobSource
{
    private readonly ContentStore _store;
    private readonly Lazy<Task<IReadOnlyDictionary<string, long>>>? _listing;

    /// <param name="store">The content store.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="listed">Ask with one listing, once, instead of blob by blob: for many images.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public NamespaceBlobs(ContentStore store, string @namespace, bool listed, CancellationToken cancellationToken)
        : this(
            store,
            @namespace,
            listed ? new Lazy<Task<IReadOnlyDictionary<string, long>>>(() => store.ListSizesAsync(@namespace, cancellationToken)) : null)
    {
    }

    /// <param name="store">The content store.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="listing">Digests and sizes of all blobs of the namespace.</param>
    public NamespaceBlobs(ContentStore store, string @namespace, IReadOnlyDictionary<string, long> listing)
        : this(store, @namespace, new Lazy<Task<IReadOnlyDictionary<string, long>>>(Task.FromResult(listing)))
    {
    }

    private NamespaceBlobs(ContentStore store, string @namespace, Lazy<Task<IReadOnlyDictionary<string, long>>>? listing)
    {
        _store = store;
        Namespace = @namespace;
        _listing = listing;
    }

    public string Namespace { get; }

    public BlobPlace Place => BlobPlace.Namespace;

    public string Words => $"namespace '{Namespace}'";

    /// <summary>Begins the listing now, where there is to be one.</summary>
    public void Begin() => _ = _listing?.Value;

    public ValueTask<long?> FindAsync(Descriptor blob, CancellationToken cancellationToken) => _listing switch
    {
        null => AskAsync(blob.Digest, cancellationToken),
        { Value: { IsCompletedSuccessfully: true } known } =>
            ValueTask.FromResult<long?>(known.Result.TryGetValue(blob.Digest, out long size) ? size : null),
        _ => LookUpAsync(blob.Digest),
    };

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await _store.ReadAsync(Namespace, blob, cancellationToken).ConfigureAwait(false);
        Digests.Require(blob, bytes.Span, Words);
        return bytes;
    }

    public ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken) =>
        _store.OpenNearestAsync(Namespace, blob, offset, cancellationToken);

    /// <summary>Asks for the last byte: the metadata may promise what a power loss or a hand in the folder took.</summary>
    public async ValueTask<CtrException?> ProbeAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await _store.ProbeAsync(Namespace, blob.Digest, blob.Size, cancellationToken).ConfigureAwait(false);

    public virtual ValueTask<MissingCause> FindCauseAsync(ImageNode blob, ImageNode? manifest, CancellationToken cancellationToken) =>
        ValueTask.FromResult(MissingCause.NeverFetched);

    private async ValueTask<long?> AskAsync(string digest, CancellationToken cancellationToken) =>
        (await _store.FindAsync(Namespace, digest, cancellationToken).ConfigureAwait(false))?.Size;

    private async ValueTask<long?> LookUpAsync(string digest) =>
        (await _listing!.Value.ConfigureAwait(false)).TryGetValue(digest, out long size) ? size : null;
}
