using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>Tells of images at registries by their manifests and configs.</summary>
internal static class RemoteImageReader
{
    public static async Task<CtrRemoteImage> DescribeAsync(
        CtrImageReference reference, IReadOnlyList<CtrPlatform> platforms, RegistryClient registries, CancellationToken cancellationToken)
    {
        RepositoryClient repository = registries.Repository(reference);
        Descriptor target = await repository.ResolveAsync(reference.Digest ?? reference.Tag!, cancellationToken).ConfigureAwait(false);
        if (!MediaTypes.IsIndex(target.MediaType) && !MediaTypes.IsManifest(target.MediaType))
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The {repository.What} is neither an image nor an index: its media type is '{ForeignText.Show(target.MediaType)}'.")
            {
                Target = reference.ToString(),
            };
        }

        PlatformMatcher? wanted = platforms.Count == 0 ? null : PlatformMatcher.Strict(platforms);
        var source = new RegistrySource(
            repository, blob => wanted is null || (!blob.IsAttestation && (blob.Platform is not { } one || wanted.Matches(one))));
        ImageNode root = await ImageGraph.ReadAsync(source, target, cancellationToken).ConfigureAwait(false);
        if (root.Fault is { } fault)
        {
            throw fault;
        }

        ImageNode[] manifests = [.. root.Manifests.Where(one => one.Platform is not null)];
        ImageNode[] listed = wanted is null ? manifests : [.. manifests.Where(one => wanted.Matches(one.Platform!))];
        if (wanted is not null && listed.Length == 0)
        {
            throw NotFor(repository, platforms, manifests);
        }

        ImageNode? described = root.Kind == ImageNodeKind.Manifest ? root
            : listed.Where(one => !one.IsAttestation).OrderBy(one => (wanted ?? Own).Rank(one.Platform!) ?? int.MaxValue).FirstOrDefault();
        ReadOnlyMemory<byte> bytes = await source.ReadAsync(target, cancellationToken).ConfigureAwait(false);
        using JsonDocument document = Parse(bytes, target);
        using JsonDocument? config = described?.Config is { IsSound: true } blob && MediaTypes.IsImageConfig(blob.Descriptor.MediaType)
            ? Parse(await source.ReadAsync(blob.Descriptor, cancellationToken).ConfigureAwait(false), blob.Descriptor)
            : null;
        JsonElement told = config?.RootElement ?? default;
        return new CtrRemoteImage
        {
            Name = reference.ToString(),
            Registry = reference.Registry,
            Repository = reference.Repository,
            Tag = reference.Tag,
            Digest = target.Digest,
            MediaType = target.MediaType,
            ArtifactType = ManifestText.ArtifactOf(document.RootElement),
            Size = described is null ? null : SizeOf(described),
            Platforms = [.. listed.Select(one => new CtrRemotePlatform(one.Platform!)
            {
                Digest = one.Descriptor.Digest,
                Size = SizeOf(one),
                IsAttestation = one.IsAttestation,
            })],
            Platform = described?.Platform,
            CreatedAt = ManifestText.TimeOf(told, "created"),
            Labels = told.ValueKind == JsonValueKind.Object && told.TryGetProperty("config", out JsonElement settings)
                ? ManifestText.MapOf(settings, "Labels")
                : CtrMap<string>.Empty,
            Annotations = ManifestText.MapOf(document.RootElement, "annotations"),
            Referrers = await new Referrers(repository, registries.HostsOf(reference.Registry))
                .ReadAsync(target.Digest, cancellationToken).ConfigureAwait(false),
            Host = RegistryFaults.Show(repository.Served!.Root),
            Bytes = bytes,
        };
    }

    /// <summary>What runs here, if anything; else what comes first.</summary>
    private static PlatformMatcher Own { get; } = PlatformMatcher.Only(CtrPlatform.Parse("linux"));

    private static long? SizeOf(ImageNode manifest) =>
        manifest.Children.Count == 0 ? null : manifest.Descriptor.Size + manifest.State.ChildrenSize;

    private static JsonDocument Parse(ReadOnlyMemory<byte> json, Descriptor of)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new CtrException(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{of.Digest}' is no JSON: {e.Message}", e)
            {
                Target = of.Digest,
            };
        }
    }

    private static CtrException NotFor(RepositoryClient repository, IReadOnlyList<CtrPlatform> platforms, ImageNode[] manifests)
    {
        string[] has = [.. manifests.Where(one => !one.IsAttestation).Select(one => one.Platform!.ToString()).Distinct()];
        return new CtrException(
            CtrErrorIds.PlatformNotFound,
            CtrStatus.NotFound,
            $"The {repository.What} is not for {string.Join(", ", platforms)}{(has.Length == 0 ? "" : $": it is for {string.Join(", ", has)}")}.")
        {
            Target = repository.Reference.ToString(),
        };
    }
}
