using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
internal sealed class ImageImporter(ContainerdConnection connection) : IImageImporter
{
    /// <summary>Faults that are told. A manifest may list very many blobs, and an error each for all that are absent helps nobody.</summary>
    private const int MaxFaults = 100;

    public async Task<ICtrImportPlan> PlanAsync(CtrImportRequest request, CancellationToken cancellationToken)
    {
        ArchiveReader archive = await ArchiveReader.OpenAsync(request.Path, cancellationToken).ConfigureAwait(false);
        try
        {
            string? snapshotter = request.Unpack || request.DiscardUnpackedLayers
                ? await connection.Unpacker.ChooseSnapshotterAsync(request.Namespace, request.Snapshotter, cancellationToken).ConfigureAwait(false)
                : null;
            CtrPlatform host = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
            IReadOnlyDictionary<string, long> present =
                await connection.Content.ListSizesAsync(request.Namespace, cancellationToken).ConfigureAwait(false);
            var source = new FallbackSource(archive, new NamespaceBlobs(connection.Content, request.Namespace, present));
            var names = new ImportNames(request);
            List<ImportImage> wanted = await ReadAsync(archive, source, request, host, names, cancellationToken).ConfigureAwait(false);
            var faults = new List<CtrException>(names.Faults);
            foreach (ImportImage image in wanted.TakeWhile(_ => faults.Count < MaxFaults))
            {
                faults.AddRange(await FaultsAsync(image, source, cancellationToken).ConfigureAwait(false));
            }

            if (faults.Count >= MaxFaults)
            {
                names.Warnings.Add($"The first {MaxFaults} faults of the archive '{request.Path}' are told; Test-CtrArchive tells all.");
            }

            return new ImportPlan(connection, archive, source, request, wanted, snapshotter, present, faults, names.Warnings);
        }
        catch
        {
            await archive.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<List<ImportImage>> ReadAsync(
        ArchiveReader archive,
        IBlobSource source,
        CtrImportRequest request,
        CtrPlatform host,
        ImportNames names,
        CancellationToken cancellationToken)
    {
        if (request.Name is not null && archive.Images.Select(image => image.Target.Digest).Distinct().Count() > 1)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The archive '{request.Path}' has several images: one name cannot be for all of them.")
            {
                Target = request.Name,
                RecommendedAction = "Leave -Name out, and name the images afterwards with Add-CtrImageTag.",
            };
        }

        SelectionRules rules = RulesFor(request, host);
        var graph = new ImageGraph(source, cancellationToken);
        var wanted = new List<ImportImage>();
        foreach ((IReadOnlyList<ArchiveImage> entries, IReadOnlyList<string> own) in names.Of(archive.Images))
        {
            if (own.Count == 0)
            {
                continue; // all its names are another's
            }

            ImageNode root = await graph.ReadAsync(entries[0].Target).ConfigureAwait(false);
            var selection = ImageSelection.Of(root, rules);
            var image = new ImportImage(
                own,
                selection,
                selection.Runnable(PlatformMatcher.Only(host)),
                entries[0].Docker,
                $"image '{ForeignText.Show(own[0])}' in archive '{request.Path}'");
            if (image.Host is null && request.Unpack && selection.AbsentPlatforms.Count == 0 && !selection.Broken.Any())
            {
                string[] platforms = [.. selection.Images.Select(manifest => manifest.Platform?.ToString() ?? "no platform").Distinct()];
                names.Warnings.Add($"The {image.Words} is "
                    + (platforms.Length > 0 ? $"for {string.Join(", ", platforms)}, but the server runs {host}" : "of no platform's file system")
                    + ": it is not unpacked.");
            }

            wanted.Add(image);
        }

        return wanted.Count > 0 ? wanted : throw new CtrException(
            CtrErrorIds.ArchiveUnrecognized, CtrStatus.InvalidArgument, $"The archive '{request.Path}' names no image.")
        {
            Target = request.Path,
        };
    }

    private static SelectionRules RulesFor(CtrImportRequest request, CtrPlatform host) => SelectionRules.ToReceive(
        request.Strict ? CtrPlatformScope.All : request.AllPlatforms ? CtrPlatformScope.Available : CtrPlatformScope.Listed, request.Platforms, host);

    /// <summary>What stands in the way: one error for each blob that is absent or damaged, and for each platform that is not there.</summary>
    private static async Task<List<CtrException>> FaultsAsync(ImportImage image, IBlobSource source, CancellationToken cancellationToken)
    {
        string cannot = $"The {image.Words} cannot be imported";
        ImageSelection selection = image.Selection;
        ImageNode[] broken = [.. selection.Broken];

        // Of what cannot be read to its manifests no platform is known: that is the fault.
        IEnumerable<CtrPlatform> absent = broken.Length > 0 && selection.AllImages.Count == 0 ? [] : selection.AbsentPlatforms;
        List<CtrException> faults = [.. absent.Select(platform => BlobFaults.NoPlatform(cannot, selection, platform, platform.ToString()))];
        foreach (ImageNode node in broken.Take(MaxFaults))
        {
            CtrBlobFault fault = await BlobFaults.OfAsync(node, selection.ManifestOf(node), source, cancellationToken).ConfigureAwait(false);
            faults.Add(BlobFaults.Refuse(cannot, fault, node.Fault));
        }

        return faults;
    }
}

/// <summary>An image to import.</summary>
/// <param name="Names">Full names, at least one.</param>
/// <param name="Selection">What of it is wanted.</param>
/// <param name="Host">The wanted manifest that the server would run. Null where there is none among them.</param>
/// <param name="Docker">Config and layers, where the archive has it in docker's form.</param>
/// <param name="Words">The image in words, for messages.</param>
internal sealed record ImportImage(IReadOnlyList<string> Names, ImageSelection Selection, ImageNode? Host, DockerImage? Docker, string Words)
{
    /// <summary>What the names will point to.</summary>
    public ImageNode Root => Selection.Root;
}
