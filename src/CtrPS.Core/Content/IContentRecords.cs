namespace CtrPS;

/// <summary>The blobs of containerd and the writes of such, for who looks after them.</summary>
internal interface IContentRecords
{
    /// <summary>The blobs of a namespace, by digest, with what they are.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="mediaTypes">Read the manifests and indexes for the media types of what they name.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task<IReadOnlyList<CtrContent>> ListAsync(string @namespace, bool mediaTypes, CancellationToken cancellationToken);

    /// <summary>A blob. Null where it is not there.</summary>
    Task<CtrContent?> FindAsync(string @namespace, string digest, CancellationToken cancellationToken);

    /// <summary>
    /// Opens the bytes of a blob for one reading. Those of a whole blob are proved: where they are not what the digest says, reading their end
    /// throws.
    /// </summary>
    /// <param name="content">The blob.</param>
    /// <param name="offset">Where to begin: not beyond the end.</param>
    /// <param name="count">How many bytes at the most.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/> at the end.</exception>
    Task<Stream> OpenAsync(CtrContent content, long offset, long count, CancellationToken cancellationToken);

    /// <summary>Writes a blob.</summary>
    /// <param name="request">What, where and how it is kept.</param>
    /// <param name="meter">Counts the bytes.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidDigest"/>; <see cref="CtrErrorIds.BlobCorrupt"/> where the bytes have another digest than expected; <see
    /// cref="CtrErrorIds.LeaseNotFound"/>; <see cref="CtrErrorIds.NotSupported"/> for a digest that the daemon's store does not take.
    /// </exception>
    Task<CtrContent> AddAsync(CtrContentRequest request, CtrTransferMeter meter, CancellationToken cancellationToken);

    /// <summary>Changes labels.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContentNotFound"/>.</exception>
    Task SetLabelsAsync(CtrContent content, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken);

    /// <summary>Deletes a blob, whoever may still need it.</summary>
    /// <returns>Whether it was there.</returns>
    Task<bool> DeleteAsync(CtrContent content, CancellationToken cancellationToken);

    /// <summary>The unfinished writes of a namespace, by ref.</summary>
    Task<IReadOnlyList<CtrIngest>> ListIngestsAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>Throws an unfinished write away.</summary>
    /// <returns>Whether it was there.</returns>
    Task<bool> AbortAsync(CtrIngest ingest, CancellationToken cancellationToken);
}

/// <summary>A blob that is to be written.</summary>
internal sealed record CtrContentRequest
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Opens the bytes at an offset; called more than once.</summary>
    public required Func<long, Stream> Open { get; init; }

    /// <summary>Bytes that there are.</summary>
    public required long Size { get; init; }

    /// <summary>The digest that the bytes must have. Null: whatever they have by sha256.</summary>
    public string? ExpectedDigest { get; init; }

    /// <summary>What to call the write: what was broken off goes on under the same name. Null: as ours are called, and it begins anew.</summary>
    public string? Ref { get; init; }

    /// <summary>The lease that is to keep the blob. Null: none.</summary>
    public string? Lease { get; init; }

    /// <summary>Labels; a blob that is there gets them too.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
}
