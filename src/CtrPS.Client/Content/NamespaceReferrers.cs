using System.Collections.Concurrent;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>
/// What refers to manifests in a namespace: what their labels keep, and what names them as its subject without being kept by them, as it came by
/// another way (an imported layout, another client).
/// </summary>
/// <param name="blobs">The namespace.</param>
/// <param name="listing">Its blobs, by digest.</param>
/// <param name="known">What documents were found to be, by digest: blobs never change.</param>
/// <param name="cancellationToken">Ends all reading.</param>
internal sealed class NamespaceReferrers(
    IBlobSource blobs,
    IReadOnlyDictionary<string, BlobInfo> listing,
    ConcurrentDictionary<string, NamespaceReferrers.Document> known,
    CancellationToken cancellationToken) : IReferrerSource
{
    /// <summary>Documents read at the same time.</summary>
    private const int Concurrency = 16;

    private Lazy<Task<ILookup<string, Descriptor>>>? _bySubject;

    /// <summary>What a blob says of itself.</summary>
    /// <param name="MediaType">The media type. Null: it is no manifest.</param>
    /// <param name="Subject">The digest that it refers to. Null: none.</param>
    internal sealed record Document(string? MediaType, string? Subject);

    public async Task<IReadOnlyList<Descriptor>> ListAsync(string subject, CancellationToken token)
    {
        var found = new Dictionary<string, Descriptor>(StringComparer.Ordinal);
        IEnumerable<string> labelled = listing.GetValueOrDefault(subject)?.Labels
            .Where(label => label.Key.StartsWith(GarbageLabels.ReferrerPrefix, StringComparison.Ordinal)).Select(label => label.Value) ?? [];
        foreach (string digest in labelled)
        {
            // What is not there any more was taken away on purpose.
            if (listing.TryGetValue(digest, out BlobInfo? blob)
                && (await DescribeAsync(blob, token).ConfigureAwait(false)).MediaType is { } mediaType)
            {
                found[digest] = new Descriptor { MediaType = mediaType, Digest = digest, Size = blob.Size };
            }
        }

        foreach (Descriptor one in (await BySubjectAsync().ConfigureAwait(false))[subject])
        {
            _ = found.TryAdd(one.Digest, one);
        }

        return [.. found.Values.OrderBy(one => one.Digest, StringComparer.Ordinal)]; // labels have no order, and a send is the same twice
    }

    /// <summary>All of the namespace that refers to something, read once.</summary>
    private Task<ILookup<string, Descriptor>> BySubjectAsync() =>
        LazyInitializer.EnsureInitialized(ref _bySubject, () => new Lazy<Task<ILookup<string, Descriptor>>>(ReadAllAsync)).Value;

    private async Task<ILookup<string, Descriptor>> ReadAllAsync()
    {
        // Every client gives a manifest the labels that keep its children: what has none is a config or a layer.
        IEnumerable<BlobInfo> documents = listing.Values.Where(blob => blob.Size <= ManifestDocument.MaxSize
            && blob.Labels.Keys.Any(key => key.StartsWith(GarbageLabels.Prefix, StringComparison.Ordinal)));
        var found = new List<(string Subject, Descriptor One)>();
        await foreach ((BlobInfo blob, Document document) in OrderedParallel.SelectAsync(
            documents,
            Concurrency,
            async (blob, token) => (blob, await DescribeAsync(blob, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (document is { Subject: { } subject, MediaType: { } mediaType })
            {
                found.Add((subject, new Descriptor { MediaType = mediaType, Digest = blob.Digest, Size = blob.Size }));
            }
        }

        return found.ToLookup(pair => pair.Subject, pair => pair.One, StringComparer.Ordinal);
    }

    private async Task<Document> DescribeAsync(BlobInfo blob, CancellationToken token)
    {
        if (known.TryGetValue(blob.Digest, out Document? document))
        {
            return document;
        }

        var none = new Document(null, null);
        if (blob.Size > ManifestDocument.MaxSize)
        {
            return none;
        }

        try
        {
            var descriptor = new Descriptor { MediaType = "", Digest = blob.Digest, Size = blob.Size };
            ReadOnlyMemory<byte> bytes = await blobs.ReadAsync(descriptor, token).ConfigureAwait(false);
            string? mediaType = ManifestDocument.MediaTypeOf(bytes);
            document = mediaType is null
                ? none
                : new Document(mediaType, ManifestDocument.Parse(bytes, descriptor with { MediaType = mediaType }).Subject);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            return none; // damaged, or collected since it was listed: an image that needs it tells so
        }

        known[blob.Digest] = document;
        return document;
    }
}
