using System.Runtime.CompilerServices;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class RemoteImages : IRemoteImages
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<CtrRemoteTag> TagsAsync(
        CtrImageReference repository, ICtrRegistries registries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = (RegistryClient)registries;
        string name = $"{repository.Registry}/{repository.Repository}";
        await foreach (string tag in RegistryListing.TagsAsync(
            client.Repository(repository), client.HostsOf(repository.Registry), cancellationToken).ConfigureAwait(false))
        {
            yield return new CtrRemoteTag
            {
                Name = $"{name}:{tag}",
                Registry = repository.Registry,
                Repository = repository.Repository,
                Tag = tag,
            };
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CtrRemoteRepository> RepositoriesAsync(
        string registry, ICtrRegistries registries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (CtrImageReference one in RegistryListing.RepositoriesAsync(
            RegistryNames.FromName(registry), (RegistryClient)registries, cancellationToken).ConfigureAwait(false))
        {
            yield return RegistryListing.Repository(one);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CtrRemoteRepository> SearchAsync(
        string term, ICtrRegistries registries, Uri? address, CancellationToken cancellationToken) =>
        RegistryListing.SearchAsync(term, ((RegistryClient)registries).Options, address, cancellationToken);

    /// <inheritdoc/>
    public Task<CtrRemoteImage> DescribeAsync(
        CtrImageReference reference, IReadOnlyList<CtrPlatform> platforms, ICtrRegistries registries, CancellationToken cancellationToken) =>
        RemoteImageReader.DescribeAsync(reference, platforms, (RegistryClient)registries, cancellationToken);

    /// <inheritdoc/>
    public Task<ICtrRemoteBlob> FindBlobAsync(
        CtrImageReference reference, string digest, ICtrRegistries registries, CancellationToken cancellationToken) =>
        RemoteBlob.FindAsync(reference, digest, (RegistryClient)registries, cancellationToken);

    /// <inheritdoc/>
    public Task<ICtrRemovalPlan> PlanRemovalAsync(
        CtrImageReference reference, ICtrRegistries registries, CancellationToken cancellationToken) =>
        RemoteImageRemover.PlanAsync(reference, (RegistryClient)registries, cancellationToken);

    /// <inheritdoc/>
    public Task<ICtrRemoteCopyPlan> PlanCopyAsync(
        CtrRemoteCopyRequest request, ICtrRegistries source, ICtrRegistries destination, CancellationToken cancellationToken) =>
        RemoteImageCopier.PlanAsync(request, (RegistryClient)source, (RegistryClient)destination, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<CtrRegistryCheck> TestAsync(string text, ICtrRegistries registries, CancellationToken cancellationToken) =>
        RegistryProbe.TestAsync(text, (RegistryClient)registries, cancellationToken);

    /// <inheritdoc/>
    public Task<CtrImageUpdate> CompareAsync(CtrImage image, ICtrRegistries registries, CancellationToken cancellationToken) =>
        ImageComparer.CompareAsync(image, (RegistryClient)registries, cancellationToken);
}
