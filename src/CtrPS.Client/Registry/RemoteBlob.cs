using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class RemoteBlob : ICtrRemoteBlob
{
    private readonly RepositoryClient _repository;
    private readonly Descriptor _blob;
    private readonly bool _isManifest;

    private RemoteBlob(RepositoryClient repository, Descriptor blob, bool isManifest) =>
        (_repository, _blob, _isManifest) = (repository, blob, isManifest);

    /// <inheritdoc/>
    public long Size => _blob.Size;

    public static async Task<ICtrRemoteBlob> FindAsync(
        CtrImageReference reference, string digest, RegistryClient registries, CancellationToken cancellationToken)
    {
        Digests.Require(digest);
        RepositoryClient repository = registries.Repository(reference);
        (Descriptor found, bool isManifest) = await repository.FindAsync(digest, cancellationToken).ConfigureAwait(false);
        return new RemoteBlob(repository, found, isManifest);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        if (_isManifest)
        {
            ReadOnlyMemory<byte> bytes = await _repository.ReadAsync(_blob, isManifest: true, cancellationToken).ConfigureAwait(false);
            return new MemoryStream(bytes.ToArray(), writable: false);
        }

        var source = new RegistrySource(_repository, _ => true);
        Stream content = await source.OpenAsync(_blob, 0, cancellationToken).ConfigureAwait(false);
        return new BlobRange(content, _blob, 0, _blob.Size, source.Words, BlobFaults.WayOut(source));
    }
}
