using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>What refers to a manifest (distribution-spec, "Listing Referrers"), also where the registry does not know how to say so.</summary>
/// <param name="repository">The repository.</param>
/// <param name="hosts">The hosts of its registry.</param>
internal sealed class Referrers(RepositoryClient repository, IReadOnlyList<RegistryHost> hosts) : IReferrerSource
{
    /// <summary>More than any image has: what comes beyond is a registry that means no good.</summary>
    private const int Max = 10_000;

    /// <summary>Whether the registry knows the request, once it was made.</summary>
    private volatile bool _isUnknown;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Descriptor>> ListAsync(string subject, CancellationToken cancellationToken) =>
    [
        .. (await ReadAsync(subject, cancellationToken).ConfigureAwait(false)).Select(
            one => new Descriptor { MediaType = one.MediaType, Digest = one.Digest, Size = one.Size }),
    ];

    /// <summary>Asks by the API, and where there is none by the tag that clients keep in its place (<see cref="ReferrerTag"/>).</summary>
    public async Task<IReadOnlyList<CtrReferrer>> ReadAsync(string digest, CancellationToken cancellationToken)
    {
        var found = new List<CtrReferrer>();
        if (_isUnknown)
        {
            return await ByTagAsync(digest, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            IAsyncEnumerable<CtrReferrer> listed = RegistryPages.ReadAsync(
                hosts,
                repository.Reference.Registry,
                RegistryCapabilities.Pull | RegistryCapabilities.Referrers,
                host => repository.Request(HttpMethod.Get, $"referrers/{digest}", host, MediaTypes.OciIndex),
                Read,
                repository.Options,
                cancellationToken);
            await foreach (CtrReferrer one in listed.ConfigureAwait(false))
            {
                found.Add(found.Count < Max ? one : throw TooMany());
            }

            return found;
        }
        catch (CtrException e) when (found.Count == 0 && MayKnowNoReferrers(e))
        {
            _isUnknown = e.ErrorId == CtrErrorIds.RemoteImageNotFound; // the others may pass
            return await ByTagAsync(digest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Registries that do not know the request answer it in many ways; a page of a proxy is one of them.</summary>
    private static bool MayKnowNoReferrers(CtrException e) =>
        e.ErrorId is CtrErrorIds.RemoteImageNotFound or CtrErrorIds.RegistryDenied or CtrErrorIds.RegistryFailed
        || (e.ErrorId == CtrErrorIds.RegistryUnreachable && e.Status == CtrStatus.FailedPrecondition);

    private CtrException TooMany() => new(
        CtrErrorIds.ImageTooLarge, CtrStatus.ResourceExhausted, $"More than {Max} things refer to the {repository.What}.")
    {
        Target = repository.Reference.ToString(),
    };

    private async Task<IReadOnlyList<CtrReferrer>> ByTagAsync(string digest, CancellationToken cancellationToken)
    {
        Descriptor index;
        try
        {
            index = await repository.ResolveAsync(ReferrerTag.Of(digest), cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.RemoteImageNotFound or CtrErrorIds.RegistryDenied)
        {
            return []; // there is no such tag: nothing refers to it
        }

        if (!MediaTypes.IsIndex(index.MediaType))
        {
            return [];
        }

        ReadOnlyMemory<byte> bytes = await repository.ReadAsync(index, cancellationToken).ConfigureAwait(false);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            CtrReferrer[] found = [.. Read(document.RootElement).Take(Max + 1)];
            return found.Length <= Max ? found : throw TooMany();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The list of what refers to the {repository.What} cannot be read: {e.Message}", e)
            {
                Target = index.Digest,
            };
        }
    }

    private static IEnumerable<CtrReferrer> Read(JsonElement index) =>
        index.TryGetProperty("manifests", out JsonElement manifests) && manifests.ValueKind == JsonValueKind.Array
            ? manifests.EnumerateArray().Select(ReadOne)
            : [];

    private static CtrReferrer ReadOne(JsonElement one) => new()
    {
        Digest = one.GetProperty("digest").GetString() is { } digest && Digests.IsValid(digest)
            ? digest
            : throw new FormatException("a descriptor has no digest"),
        MediaType = ManifestText.Of(one, "mediaType"),
        ArtifactType = ManifestText.Of(one, "artifactType"),
        Size = one.GetProperty("size").GetInt64(),
        Annotations = ManifestText.MapOf(one, "annotations"),
    };
}
