using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Looks for everything that an archive will hold, and for everything that is in the way.</summary>
internal sealed class SavePlanner(CtrSaveRequest request)
{
    /// <summary>Questions about blobs under way at the same time.</summary>
    private const int Concurrency = 16;

    private readonly Dictionary<(ICtrConnection Connection, string Namespace), ImageSource> _sources = [];
    private readonly List<SavedImage> _images = [];
    private readonly List<CtrException> _faults = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, MovedBlob> _blobs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _faulty = new(StringComparer.Ordinal);

    public async Task<SavePlan> PlanAsync(CancellationToken cancellationToken)
    {
        RefuseContradictions();
        foreach (var origin in request.Images.GroupBy(one => (one.Connection, one.Image.Namespace)))
        {
            (ICtrConnection connection, string name) = origin.Key;
            _sources[origin.Key] = new ImageSource((ContainerdConnection)connection, name, listed: origin.Skip(1).Any(), cancellationToken);
        }

        await foreach (SavedImage image in OrderedParallel.SelectAsync(Distinct(), Concurrency, ReadAsync, cancellationToken).ConfigureAwait(false))
        {
            await AddAsync(image, cancellationToken).ConfigureAwait(false);
        }

        await ProbeAsync(cancellationToken).ConfigureAwait(false);
        return new SavePlan(request, _images, _blobs.Values, _faults, _notes);
    }

    private void RefuseContradictions()
    {
        string? fault = request switch
        {
            { Compression: not (CtrCompression.None or CtrCompression.Gzip or CtrCompression.Zstd) } =>
                $"An archive cannot be written with {request.Compression}, only with gzip or zstd.",
            { Format: CtrArchiveFormat.Docker, Excluded: not null } =>
                "Docker's format cannot say that layers are left out: a delta bundle needs the format Oci or Both.",
            { Format: CtrArchiveFormat.Docker, Scope: CtrPlatformScope.All } or { Format: CtrArchiveFormat.Docker, Platforms.Count: > 1 } =>
                "Docker's format holds one platform of an image: name a single one, or use the format Oci or Both.",
            _ => null,
        };
        if (fault is not null)
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, fault);
        }
    }

    /// <summary>
    /// Each name once, and no alias of an image that goes in under a name: readers would take it for another image. A name that stands for two images
    /// would keep only one of them when the archive is imported.
    /// </summary>
    private IEnumerable<CtrSaveImage> Distinct()
    {
        var seen = new Dictionary<string, CtrImage>(StringComparer.Ordinal);
        foreach ((CtrSaveImage one, _) in ImageRows.Of(request.Images, one => one.Image.Name, one => one.Image.Digest))
        {
            if (seen.TryAdd(one.Image.Name, one.Image))
            {
                yield return one;
            }
            else if (seen[one.Image.Name] is var first && first.Digest != one.Image.Digest)
            {
                _faults.Add(new CtrException(
                    CtrErrorIds.ImageExists,
                    CtrStatus.AlreadyExists,
                    $"The archive would hold two images of the name '{one.Image.Name}': {first.Digest} out of namespace '{first.Namespace}' "
                        + $"and {one.Image.Digest} out of namespace '{one.Image.Namespace}'.")
                {
                    Target = one.Image.Name,
                    RecommendedAction = "Save them in two archives, or give one of them another name with Add-CtrImageTag.",
                });
            }
        }
    }

    private async Task<SavedImage> ReadAsync(CtrSaveImage one, CancellationToken cancellationToken)
    {
        ImageSource source = _sources[(one.Connection, one.Image.Namespace)];
        Descriptor target = Records.TargetOf(one.Image);
        ImageNode root = await source.ReadGraphAsync(target).ConfigureAwait(false);
        BlobInfo? info = await source.Connection.Content.FindAsync(source.Namespace, target.Digest, cancellationToken).ConfigureAwait(false);
        CtrPlatform host = await source.Connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        SelectionRules rules = SelectionRules.ToGive(request.Scope, request.Platforms) with
        {
            SkipNonDistributable = request.SkipNonDistributable,
            Excluded = request.Excluded,
        };
        return new SavedImage
        {
            Name = one.Image.Name,
            Target = target,
            Source = source,
            Selection = ImageSelection.Of(root, rules),
            Host = PlatformMatcher.Only(host),
            SourceLabels = SortedMap.From(
                (info?.Labels ?? Descriptor.NoAnnotations).Where(label => label.Key.StartsWith(SourceLabels.Prefix, StringComparison.Ordinal))),
        };
    }

    private async Task AddAsync(SavedImage image, CancellationToken cancellationToken)
    {
        _images.Add(image);
        ImageSelection selection = image.Selection;
        string cannot = CannotBeSaved(image.Words);
        foreach (CtrPlatform platform in selection.AbsentPlatforms)
        {
            _faults.Add(BlobFaults.NoPlatform(cannot, selection, platform, image.Name));
        }

        foreach (ImageNode node in selection.Broken.Where(node => _faulty.Add(node.Descriptor.Digest)))
        {
            CtrBlobFault fault = await BlobFaults.OfAsync(node, selection.ManifestOf(node), image.Source, cancellationToken).ConfigureAwait(false);
            _faults.Add(BlobFaults.Refuse(cannot, fault, node.Fault));
        }

        if (request.Format == CtrArchiveFormat.Docker && image.DockerManifest is null && selection.AbsentPlatforms.Count == 0
            && selection.Nodes.All(node => node.StoredSize is not null))
        {
            _faults.Add(NotForDocker(image));
        }

        foreach (ImageNode node in WantedNodes(image))
        {
            _ = _blobs.TryAdd(node.Descriptor.Digest, new MovedBlob(node, selection.ManifestOf(node), image.Source, image.Words));
        }

        _notes.AddRange(selection.LeftOutImages.Select(left =>
            $"The image '{image.Name}' is saved without {left.Platform?.ToString() ?? left.Descriptor.Digest}, "
                + $"which is not whole in {image.Source.Words}."));
        if (selection.LeftOutLayers.DistinctBy(layer => layer.Descriptor.Digest).ToList() is { Count: > 0 } layers)
        {
            _notes.Add($"{layers.Count} layers of the image '{image.Name}' with {layers.Sum(layer => layer.Descriptor.Size)} bytes are left out.");
        }
    }

    private static string CannotBeSaved(string image) => $"The {image} cannot be saved";

    private static CtrException NotForDocker(SavedImage image) => new(
        CtrErrorIds.InvalidArgument,
        CtrStatus.InvalidArgument,
        $"{CannotBeSaved(image.Words)} in docker's format, which knows only images with a config and all their layers. "
            + "It is an artifact, or layers are left out.")
    {
        Target = image.Name,
        RecommendedAction = "Use -Format Oci or Both.",
    };

    /// <summary>Docker's format holds one manifest's config and layers; the manifest itself is made anew by the reader.</summary>
    private IEnumerable<ImageNode> WantedNodes(SavedImage image)
    {
        if (request.Format != CtrArchiveFormat.Docker)
        {
            return image.Selection.Nodes;
        }

        HashSet<string> needed = [.. image.DockerManifest?.Children.Select(child => child.Descriptor.Digest) ?? []];
        return image.Selection.Nodes.Where(node => needed.Contains(node.Descriptor.Digest));
    }

    /// <summary>Asks for the bytes of all that was not read whole: the metadata may promise what a power loss or a hand in the folder took.</summary>
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        IEnumerable<MovedBlob> unread = _blobs.Values.Where(blob => !blob.Node.IsDocument && blob.Node.IsSound);
        await foreach ((MovedBlob blob, CtrException? fault) in OrderedParallel.SelectAsync(
            unread,
            Concurrency,
            async (blob, token) => (blob, await blob.Source.ProbeAsync(blob.Node.Descriptor, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (fault is not null && _faulty.Add(blob.Node.Descriptor.Digest))
            {
                CtrBlobFault damaged = BlobFaults.Damaged(blob.Node, blob.Manifest, blob.Source, fault);
                _faults.Add(BlobFaults.Refuse(CannotBeSaved(blob.Image), damaged, fault));
            }
        }
    }
}
