using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// The blobs of one repository. Which of them are there is not asked beforehand: what is missing comes out when it is read. Manifests that nobody
/// wants count as not there, so that they are not fetched.
/// </summary>
/// <param name="repository">The repository.</param>
/// <param name="wanted">Whether an index's entry is wanted.</param>
internal sealed class RegistrySource(RepositoryClient repository, Func<Descriptor, bool> wanted) : IBlobSource
{
    private readonly DocumentBytes _documents = new();
    private long _fetched;
    private long _resumed;

    public BlobPlace Place => BlobPlace.Registry;

    public string Words => $"the registry '{repository.Reference.Registry}'";

    /// <summary>Bytes that came over the wire, of documents too.</summary>
    public long BytesFetched => Interlocked.Read(ref _fetched);

    /// <summary>Bytes that did not need to come, as the receiver had them from an earlier try.</summary>
    public long BytesResumed => Interlocked.Read(ref _resumed);

    public ValueTask<long?> FindAsync(Descriptor blob, CancellationToken cancellationToken) =>
        ValueTask.FromResult<long?>(wanted(blob) ? blob.Size : null);

    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken) =>
        new(_documents.GetAsync(blob.Digest, async () =>
        {
            ReadOnlyMemory<byte> bytes = await repository.ReadAsync(blob, cancellationToken).ConfigureAwait(false);
            _ = Interlocked.Add(ref _fetched, bytes.Length);
            return bytes;
        }));

    public ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken)
    {
        if (_documents.TryGet(blob.Digest) is { } known)
        {
            return ValueTask.FromResult<Stream>(new MemoryStream(known[(int)offset..].ToArray(), writable: false)); // the config told the platform
        }

        _ = Interlocked.Add(ref _resumed, offset);
        Action<int> count = read => Interlocked.Add(ref _fetched, read);
        return ValueTask.FromResult<Stream>(repository.Ranges is { } ranges && blob.Size - offset >= ranges.Rules.Least
            ? new RangedBlob(repository, ranges, blob, offset, count)
            : new ResumingBlob(repository, blob, offset, blob.Size, count));
    }
}
