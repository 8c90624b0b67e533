using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>The blobs of one namespace of a containerd.</summary>
internal sealed class NamespaceBlobs : IBlobSource
{
    private readonly ContentStore _store;
    private readonly string _namespace;
    private readonly Lazy<Task<IReadOnlyDictionary<string, long>>>? _listing;

    /// <param name="store">The content store.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="listed">Ask with one listing, once, instead of blob by blob: for many images.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public NamespaceBlobs(ContentStore store, string @namespace, bool listed, CancellationToken cancellationToken)
    {
        _store = store;
        _namespace = @namespace;
        _listing = listed ? new Lazy<Task<IReadOnlyDictionary<string, long>>>(() => store.ListSizesAsync(@namespace, cancellationToken)) : null;
    }

    public string Words => $"namespace '{_namespace}'";

    public async ValueTask<long?> FindAsync(string digest, CancellationToken cancellationToken)
    {
        if (_listing is null)
        {
            return (await _store.FindAsync(_namespace, digest, cancellationToken).ConfigureAwait(false))?.Size;
        }

        return (await _listing.Value.ConfigureAwait(false)).TryGetValue(digest, out long size) ? size : null;
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await _store.ReadAsync(_namespace, blob, cancellationToken).ConfigureAwait(false);
        Digests.Require(blob, bytes.Span, Words);
        return bytes;
    }

    public ValueTask<Stream> OpenAsync(Descriptor blob, CancellationToken cancellationToken) => _store.OpenNearestAsync(_namespace, blob, cancellationToken);
}
