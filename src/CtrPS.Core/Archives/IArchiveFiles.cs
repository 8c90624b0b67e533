namespace CtrPS;

/// <summary>Archives of images on this machine's disk. No containerd is needed.</summary>
internal interface IArchiveFiles
{
    /// <summary>The images in an archive, in its own order, with what they lack. Layers are not read.</summary>
    /// <param name="path">A file or the folder of a layout.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">It cannot be read as an archive: one of the ids that begin with <c>CtrArchive</c>.</exception>
    IAsyncEnumerable<CtrArchiveImage> ListAsync(string path, CancellationToken cancellationToken);

    /// <summary>
    /// Reads every blob once and compares digest, size and content with what the images say. Platforms that an index names and the archive leaves
    /// out are no fault.
    /// </summary>
    /// <param name="path">A file or the folder of a layout.</param>
    /// <param name="deep">Unpack compressed layers too; else only plain ones are compared with what the image says that is in them.</param>
    /// <param name="meter">Counts the bytes that were read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">It cannot be read as an archive: one of the ids that begin with <c>CtrArchive</c>.</exception>
    IAsyncEnumerable<CtrArchiveCheck> VerifyAsync(string path, bool deep, CtrTransferMeter meter, CancellationToken cancellationToken);
}
