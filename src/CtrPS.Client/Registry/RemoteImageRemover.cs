using System.Net;

namespace CtrPS.Client.Registry;

/// <summary>
/// Removes tags and manifests from registries (distribution-spec, "Content Management"). Not every registry removes tags: where one does not, the
/// manifest goes, and with it all tags that stand for it.
/// </summary>
internal sealed class RemoteImageRemover : ICtrRemovalPlan
{
    /// <summary>Tags of a repository whose digests are asked for, to know what goes along.</summary>
    private const int MaxTags = 200;

    /// <summary>Questions under way at the same time.</summary>
    private const int Concurrency = 8;

    private readonly RepositoryClient _repository;

    private RemoteImageRemover(RepositoryClient repository, string digest, IReadOnlyList<string>? others) =>
        (_repository, Digest, OtherTags) = (repository, digest, others);

    /// <inheritdoc/>
    public string Digest { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string>? OtherTags { get; }

    public static async Task<ICtrRemovalPlan> PlanAsync(
        CtrImageReference reference, RegistryClient registries, CancellationToken cancellationToken)
    {
        // What is removed is at the host that takes changes: a mirror may tell of something else.
        RegistryHost host = HostChain.ToChange(registries.HostsOf(reference.Registry), reference.Registry);
        var repository = new RepositoryClient([host], reference, registries.Options);
        string digest = (await repository.ResolveAsync(reference.Digest ?? reference.Tag!, cancellationToken).ConfigureAwait(false)).Digest;
        return new RemoteImageRemover(
            repository, digest, await OthersAsync(repository, host, digest, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task RunAsync(bool withOtherTags, CancellationToken cancellationToken)
    {
        CtrImageReference reference = _repository.Reference;
        if (reference.Digest is null && await DeleteAsync(reference.Tag!, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (reference.Digest is null && !withOtherTags && OtherTags is not { Count: 0 })
        {
            string fact = OtherTags is null
                ? "which other tags stand for it is not known"
                : $"{OtherTags.Count} other {(OtherTags.Count == 1 ? "tag stands" : "tags stand")} for it: {string.Join(", ", OtherTags.Take(20))}";
            throw new CtrException(
                CtrErrorIds.FailedPrecondition,
                CtrStatus.FailedPrecondition,
                $"The {_repository.What} is not removed. The registry removes no tags by themselves, only the manifest, and {fact}.")
            {
                Target = reference.ToString(),
                RecommendedAction = "-Force removes the manifest with all its tags.",
            };
        }

        if (!await DeleteAsync(Digest, cancellationToken).ConfigureAwait(false))
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The registry at {RegistryFaults.Show(_repository.PushHost.Root)} removes nothing by its API.")
            {
                Target = reference.ToString(),
                RecommendedAction = "docker-registry allows it with 'storage: delete: enabled: true' in its configuration; "
                    + "others have their own tools.",
            };
        }
    }

    private static async Task<IReadOnlyList<string>?> OthersAsync(
        RepositoryClient repository, RegistryHost host, string digest, CancellationToken cancellationToken)
    {
        CtrImageReference reference = repository.Reference;
        var tags = new List<string>();
        try
        {
            await foreach (string tag in RegistryListing.TagsAsync(repository, [host], cancellationToken).ConfigureAwait(false))
            {
                tags.Add(tag);
                if (tags.Count > MaxTags)
                {
                    return null;
                }
            }
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.RemoteImageNotFound or CtrErrorIds.RegistryDenied or CtrErrorIds.RegistryFailed)
        {
            return null; // it does not list them
        }

        var others = new List<string>();
        await foreach ((string tag, bool isSame) in OrderedParallel.SelectAsync(
            tags.Where(tag => tag != reference.Tag || reference.Digest is not null),
            Concurrency,
            async (tag, token) => (tag, await StandsForAsync(tag, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (isSame)
            {
                others.Add(tag);
            }
        }

        others.Sort(TagOrder.Instance);
        return others;

        async Task<bool> StandsForAsync(string tag, CancellationToken token)
        {
            try
            {
                return (await repository.ResolveAsync(tag, token).ConfigureAwait(false)).Digest == digest;
            }
            catch (CtrException e) when (e.ErrorId is CtrErrorIds.RemoteImageNotFound or CtrErrorIds.NotSupported)
            {
                return false; // removed meanwhile or before, or of another kind
            }
        }
    }

    /// <returns>False: the registry removes no such thing.</returns>
    private async Task<bool> DeleteAsync(string @object, CancellationToken cancellationToken)
    {
        RegistryHost host = _repository.PushHost;
        RegistryRequest request = _repository.Request(HttpMethod.Delete, $"manifests/{@object}", host) with
        {
            Query = "",
            Scopes = [$"repository:{_repository.Reference.Repository}:pull,push,delete"],
        };
        using HttpResponseMessage response = await host.SendAsync(request, isLast: true, cancellationToken).ConfigureAwait(false);
        bool isTag = @object != Digest;
        return response.IsSuccessStatusCode || (response.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented
                || (isTag && response.StatusCode is (HttpStatusCode.BadRequest or HttpStatusCode.NotFound))
            ? false
            : throw await RegistryFaults.AnsweredAsync(request.What, host.Root, response, cancellationToken).ConfigureAwait(false));
    }
}
