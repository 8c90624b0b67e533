namespace CtrPS;

/// <summary>An archive that is planned and not yet written: everything that it will hold was looked for.</summary>
internal interface ICtrSavePlan
{
    /// <summary>
    /// Why the archive cannot be written: one for each blob that is missing or damaged, and for each platform that an image does not have.
    /// </summary>
    IReadOnlyList<CtrException> Faults { get; }

    /// <summary>What is left out on purpose, in sentences: platforms that are not here, layers that the receiver has.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Names that the archive gives to images.</summary>
    int ImageCount { get; }

    /// <summary>Blobs in the archive; one that several images share counts once.</summary>
    int BlobCount { get; }

    /// <summary>Bytes of the archive before compression.</summary>
    long TotalBytes { get; }

    /// <summary>Writes the archive. The same plan writes the same bytes each time.</summary>
    /// <param name="output">Where to. It need not seek, and is left open.</param>
    /// <param name="meter">Counts the bytes before compression.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobCorrupt"/> when the bytes of a blob do not hash to its digest: what was written until then is of no use.
    /// </exception>
    Task WriteAsync(Stream output, CtrTransferMeter meter, CancellationToken cancellationToken);
}
