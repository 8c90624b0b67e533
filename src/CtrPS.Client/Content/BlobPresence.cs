namespace CtrPS.Client.Content;

/// <summary>Answers which blobs are in a namespace: from one listing where many will be asked for, else blob by blob.</summary>
internal sealed class BlobPresence
{
    private readonly ContentStore _store;
    private readonly string _namespace;
    private readonly Task<IReadOnlyDictionary<string, long>>? _listing;

    private BlobPresence(ContentStore store, string @namespace, Task<IReadOnlyDictionary<string, long>>? listing)
    {
        _store = store;
        _namespace = @namespace;
        _listing = listing;
    }

    /// <summary>For many images: the listing begins at once.</summary>
    public static BlobPresence Listed(ContentStore store, string @namespace, CancellationToken cancellationToken) =>
        new(store, @namespace, store.ListSizesAsync(@namespace, cancellationToken));

    /// <summary>For a single image.</summary>
    public static BlobPresence OnDemand(ContentStore store, string @namespace) => new(store, @namespace, null);

    public async ValueTask<bool> HasAsync(string digest, CancellationToken cancellationToken) => _listing is null
        ? await _store.FindAsync(_namespace, digest, cancellationToken).ConfigureAwait(false) is not null
        : (await _listing.ConfigureAwait(false)).ContainsKey(digest);

    public async ValueTask<bool> HasAllAsync(IEnumerable<string> digests, CancellationToken cancellationToken)
    {
        foreach (string digest in digests)
        {
            if (!await HasAsync(digest, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }
}
