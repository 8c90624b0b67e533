using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>Compares images of a namespace with what their names stand for at their registries.</summary>
internal static class ImageComparer
{
    public static async Task<CtrImageUpdate> CompareAsync(CtrImage image, RegistryClient registries, CancellationToken cancellationToken)
    {
        var update = new CtrImageUpdate { Name = image.Name, Namespace = image.Namespace, Session = image.Session, Digest = image.Digest };
        if (!CtrImageReference.TryParse(image.Name, out CtrImageReference? reference))
        {
            return Unknown(CtrUpdateStatus.NotFound, "The name is no reference to a registry.");
        }

        registries.Expect([reference.Registry]); // what must not be asked is not merely out of reach
        try
        {
            RepositoryClient repository = registries.Repository(reference);
            Descriptor latest = await repository.ResolveAsync(reference.Digest ?? reference.Tag!, cancellationToken).ConfigureAwait(false);
            bool isSame = latest.Digest == image.Digest
                || await IsPartAsync(repository, latest, Records.TargetOf(image), cancellationToken).ConfigureAwait(false);
            return update.With(copy =>
            {
                copy.Status = isSame ? CtrUpdateStatus.UpToDate : CtrUpdateStatus.Outdated;
                copy.LatestDigest = latest.Digest;
                copy.Host = RegistryFaults.Show(repository.Served!.Root);
            });
        }
        catch (CtrException e)
        {
            return Unknown(e.ErrorId == CtrErrorIds.RemoteImageNotFound ? CtrUpdateStatus.NotFound : CtrUpdateStatus.Unreachable, e.Message);
        }

        CtrImageUpdate Unknown(CtrUpdateStatus status, string reason) => update.With(copy =>
        {
            copy.Status = status;
            copy.Reason = reason;
        });
    }

    /// <summary>
    /// An image that came for one platform alone (docker save, -Platform) is up to date where the index at the registry has its manifest.
    /// </summary>
    private static async Task<bool> IsPartAsync(
        RepositoryClient repository, Descriptor latest, Descriptor own, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsIndex(latest.MediaType) || !MediaTypes.IsManifest(own.MediaType))
        {
            return false;
        }

        ReadOnlyMemory<byte> index = await repository.ReadAsync(latest, cancellationToken).ConfigureAwait(false);
        return ManifestDocument.Parse(index, latest).Children.Any(child => child.Digest == own.Digest);
    }
}
