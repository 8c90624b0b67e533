namespace CtrPS.Client.Oci;

/// <summary>Opens the bytes of a blob at an offset.</summary>
internal delegate ValueTask<Stream> OpenBlob(long offset, CancellationToken cancellationToken);

/// <summary>
/// Somewhere blobs can be put: a namespace of a containerd under a lease, an archive, a registry. It knows nothing of where they come from.
/// Safe for concurrent use unless it <see cref="IsSequential"/>.
/// </summary>
internal interface IBlobSink
{
    /// <summary>
    /// Takes one blob after the other, in the order in which they are given, and does not prove them (an archive that is written as a stream).
    /// Else it takes several at a time, children before their parents, and a blob whose bytes are not those of its digest never counts as taken.
    /// </summary>
    bool IsSequential => false;

    /// <summary>
    /// Whether the sink has the blob, so that no bytes need to come. If it does, it is kept from now on, with all that makes its children stay.
    /// </summary>
    ValueTask<bool> HasAsync(ImageNode blob, CancellationToken cancellationToken);

    /// <summary>Takes a blob.</summary>
    /// <param name="blob">Digest and size that the bytes must have, and what hangs below it.</param>
    /// <param name="open">
    /// Opens the bytes from an offset: beyond 0 where the sink has the beginning from an earlier try. It is not called where the sink turns out to
    /// have them all, and called again where the sink has to begin anew.
    /// </param>
    /// <param name="meter">Counts the bytes.</param>
    /// <param name="cancellationToken">Ends the taking.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: the bytes are not the blob's. Nothing of them stays.</exception>
    Task<BlobOutcome> TakeAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken);
}

/// <summary>How a sink came to a blob.</summary>
internal enum BlobOutcome
{
    /// <summary>Its bytes were brought.</summary>
    Written,

    /// <summary>The sink had the bytes elsewhere: none were moved.</summary>
    Linked,
}
