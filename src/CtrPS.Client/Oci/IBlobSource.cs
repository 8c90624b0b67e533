namespace CtrPS.Client.Oci;

/// <summary>
/// Somewhere blobs can be read from by digest: a namespace of a containerd, an archive, a registry. Safe for concurrent use. A new kind of source
/// writes the first five members; the others have answers that are right for most.
/// </summary>
internal interface IBlobSource
{
    /// <summary>What kind of place it is: what to do about a fault depends on it.</summary>
    BlobPlace Place { get; }

    /// <summary>The place in words, for messages: <c>namespace 'k8s.io'</c>, <c>archive 'big.tar'</c>.</summary>
    string Words { get; }

    /// <summary>
    /// The blob's size in bytes as it lies there. Null where it is not there. A source that could only ask may give the descriptor's size for config
    /// and layers: then what is missing comes out when it is opened.
    /// </summary>
    ValueTask<long?> FindAsync(Descriptor blob, CancellationToken cancellationToken);

    /// <summary>Reads a small blob whole (a manifest, an index, a config) and proves that its bytes hash to its digest.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/> when bytes or size are wrong, or it is larger than
    /// <see cref="ManifestDocument.MaxSize"/>.
    /// </exception>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a blob of any size for one reading, from an offset to its end. What is read is not compared with the digest: whoever takes the bytes
    /// proves them.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>, at the latest with the first read.</exception>
    ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken);

    /// <summary>
    /// Large blobs can be had in the source's own order only (a compressed archive): by <see cref="ReadInOrderAsync"/>, and not by
    /// <see cref="OpenAsync"/>.
    /// </summary>
    bool IsSequential => false;

    /// <summary>
    /// Reads blobs in the source's own order, each once. Those that are not there are left out. Only where <see cref="IsSequential"/>.
    /// </summary>
    /// <returns>Each stream is valid until the next step.</returns>
    IAsyncEnumerable<(string Digest, Stream Content)> ReadInOrderAsync(IReadOnlySet<string> digests, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{Words} opens its blobs one by one.");

    /// <summary>Whether the bytes that <see cref="FindAsync"/> promises can really be read. Null where they can; else why not.</summary>
    ValueTask<CtrException?> ProbeAsync(Descriptor blob, CancellationToken cancellationToken) => ValueTask.FromResult<CtrException?>(null);

    /// <summary>Why a blob is probably not there.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="manifest">The manifest that it is of. Null: it is an index.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    ValueTask<MissingCause> FindCauseAsync(ImageNode blob, ImageNode? manifest, CancellationToken cancellationToken) =>
        ValueTask.FromResult(MissingCause.Unknown);
}

/// <summary>Kinds of places that blobs are in.</summary>
internal enum BlobPlace
{
    Namespace,
    Archive,
    Registry,
}

/// <summary>Why a blob is probably not where it is looked for.</summary>
internal enum MissingCause
{
    /// <summary>Nothing tells.</summary>
    Unknown,

    /// <summary>It was never brought into this namespace.</summary>
    NeverFetched,

    /// <summary>It was dropped when its snapshot was made (discard_unpacked_layers), or never brought as the snapshot was there.</summary>
    DiscardedAfterUnpack,

    /// <summary>The archive was made without a platform that the index names, or without layers that the receiver was said to have.</summary>
    LeftOut,

    /// <summary>The archive ends without its end mark.</summary>
    CutOff,

    /// <summary>The archive does not hold it, and the namespace that was to have it does not either.</summary>
    NotHereEither,
}
