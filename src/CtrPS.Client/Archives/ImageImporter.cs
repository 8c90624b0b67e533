using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Server;
using CtrPS.Client.Snapshots;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
internal sealed class ImageImporter(ContentStore content, ImageStore images, LeaseStore leases, Unpacker unpacker, ServerFacts server) : IImageImporter
{
    public async Task<ICtrImportPlan> PlanAsync(CtrImportRequest request, CancellationToken cancellationToken)
    {
        ArchiveReader archive = await ArchiveReader.OpenAsync(request.Path, cancellationToken).ConfigureAwait(false);
        try
        {
            string? snapshotter = request.Unpack || request.DiscardUnpackedLayers
                ? await unpacker.ChooseSnapshotterAsync(request.Namespace, request.Snapshotter, cancellationToken).ConfigureAwait(false)
                : null;
            CtrPlatform host = await server.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
            IReadOnlyDictionary<string, long> present = await content.ListSizesAsync(request.Namespace, cancellationToken).ConfigureAwait(false);
            var source = new ArchiveAndStore(archive, new NamespaceBlobs(content, request.Namespace, listed: true, cancellationToken));
            var warnings = new List<string>();
            List<ImportImage> wanted = await ReadAsync(archive, source, request, host, warnings, cancellationToken).ConfigureAwait(false);
            return new ImportPlan(archive, source, request, wanted, snapshotter, present, warnings, content, images, leases, unpacker, server);
        }
        catch
        {
            await archive.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<List<ImportImage>> ReadAsync(
        ArchiveReader archive, IBlobSource source, CtrImportRequest request, CtrPlatform host, List<string> warnings, CancellationToken cancellationToken)
    {
        if (request.Name is not null && archive.Images.Select(image => image.Target.Digest).Distinct().Count() > 1)
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The archive '{request.Path}' has several images: one name cannot be for all of them.")
            {
                Target = request.Name,
                RecommendedAction = "Leave -Name out, and name the images afterwards with Add-CtrImageTag.",
            };
        }

        var wanted = new List<ImportImage>();
        foreach (IGrouping<string, ArchiveImage> entries in archive.Images.GroupBy(image => image.Target.Digest, StringComparer.Ordinal))
        {
            var names = new List<string>();
            foreach (ArchiveImage entry in entries)
            {
                names.AddRange(ImportNames.For(entry, request, out string? warning));
                if (warning is not null)
                {
                    warnings.Add(warning);
                }
            }

            ImageNode root = await ImageGraph.ReadAsync(source, entries.First().Target, cancellationToken).ConfigureAwait(false);
            string words = $"image '{names[0]}' in archive '{request.Path}'";
            var choice = PlatformChoice.For(root, request, host, words);
            if (choice.Faults.Count == 0 && choice.Host is null && request.Unpack)
            {
                warnings.Add($"The {words} is for {string.Join(", ", choice.Manifests.Select(manifest => manifest.Platform?.ToString() ?? "no platform").Distinct())}, but the server runs {host}: it is not unpacked.");
            }

            wanted.Add(new ImportImage(names.Distinct().ToArray(), root, choice, entries.First().Docker));
        }

        if (wanted.Count == 0)
        {
            throw new CtrException(CtrErrorIds.ArchiveUnrecognized, CtrStatus.InvalidArgument, $"The archive '{request.Path}' names no image.") { Target = request.Path };
        }

        return wanted;
    }
}

/// <summary>An image to import.</summary>
/// <param name="Names">Full names, at least one.</param>
/// <param name="Root">What they will point to.</param>
/// <param name="Choice">What of it is wanted.</param>
/// <param name="Docker">Config and layers, where the archive has it in docker's form.</param>
internal sealed record ImportImage(IReadOnlyList<string> Names, ImageNode Root, PlatformChoice Choice, DockerImage? Docker);

/// <summary>The archive's blobs, and for what it leaves out, as delta bundles do, those of the namespace.</summary>
internal sealed class ArchiveAndStore(ArchiveReader archive, NamespaceBlobs store) : IBlobSource
{
    public string Words => archive.Words;

    public async ValueTask<long?> FindAsync(string digest, CancellationToken cancellationToken) =>
        await archive.FindAsync(digest, cancellationToken).ConfigureAwait(false) ?? await store.FindAsync(digest, cancellationToken).ConfigureAwait(false);

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await (await ChooseAsync(blob, cancellationToken).ConfigureAwait(false)).ReadAsync(blob, cancellationToken).ConfigureAwait(false);

    public async ValueTask<Stream> OpenAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await (await ChooseAsync(blob, cancellationToken).ConfigureAwait(false)).OpenAsync(blob, cancellationToken).ConfigureAwait(false);

    private async ValueTask<IBlobSource> ChooseAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await archive.FindAsync(blob.Digest, cancellationToken).ConfigureAwait(false) is not null ? archive : store;
}
