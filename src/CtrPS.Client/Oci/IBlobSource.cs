namespace CtrPS.Client.Oci;

/// <summary>Somewhere blobs can be read from by digest: a namespace of a containerd, an archive. Safe for concurrent use.</summary>
internal interface IBlobSource
{
    /// <summary>The place in words, for messages: <c>namespace 'k8s.io'</c>, <c>archive 'big.tar'</c>.</summary>
    string Words { get; }

    /// <summary>The blob's size in bytes as it lies there. Null where it is not there.</summary>
    ValueTask<long?> FindAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Reads a small blob whole (a manifest, an index, a config) and proves that its bytes hash to its digest.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/> when bytes or size are wrong, or it is larger than <see cref="ManifestDocument.MaxSize"/>.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken);

    /// <summary>Opens a blob of any size for one reading from its start. What is read is not compared with the digest: whoever takes the bytes proves them.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>.</exception>
    ValueTask<Stream> OpenAsync(Descriptor blob, CancellationToken cancellationToken);
}
