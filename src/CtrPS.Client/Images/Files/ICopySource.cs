namespace CtrPS.Client.Images.Files;

/// <summary>Where the files that <see cref="FileCopier"/> writes come from.</summary>
internal interface ICopySource
{
    /// <summary>What is in a folder.</summary>
    Task<IReadOnlyList<ICtrCopiedFile>> ListAsync(ICtrCopiedFile folder, CancellationToken cancellationToken);

    /// <summary>Reads the content of many files, in the order that is best.</summary>
    /// <param name="files">The files.</param>
    /// <param name="take">Takes the content of one. The stream is valid until it returns.</param>
    /// <param name="fail">Hears of one that cannot be opened; the others go on.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task ReadAsync(
        IEnumerable<ICtrCopiedFile> files,
        Func<ICtrCopiedFile, Stream, Task> take,
        Action<ICtrCopiedFile, Exception> fail,
        CancellationToken cancellationToken);
}
