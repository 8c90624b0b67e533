using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Looks for everything that an archive will hold, and for everything that is in the way.</summary>
internal sealed class SavePlanner(CtrSaveRequest request)
{
    /// <summary>Questions about blobs under way at the same time.</summary>
    private const int Concurrency = 16;

    private const string SourceLabelPrefix = "containerd.io/distribution.source.";

    private readonly Dictionary<(ICtrConnection Connection, string Namespace), SaveSource> _sources = [];
    private readonly List<SavedImage> _images = [];
    private readonly List<CtrException> _faults = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, SavedBlob> _blobs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _faulty = new(StringComparer.Ordinal);

    public async Task<SavePlan> PlanAsync(CancellationToken cancellationToken)
    {
        RefuseContradictions();
        foreach (IGrouping<(ICtrConnection Connection, string Namespace), CtrSaveImage> origin in request.Images.GroupBy(one => (one.Connection, one.Image.Namespace)))
        {
            _sources[origin.Key] = new SaveSource((ContainerdConnection)origin.Key.Connection, origin.Key.Namespace, listed: origin.Skip(1).Any(), cancellationToken);
        }

        await foreach (SavedImage image in OrderedParallel.SelectAsync(Distinct(), Concurrency, ReadAsync, cancellationToken).ConfigureAwait(false))
        {
            await AddAsync(image, cancellationToken).ConfigureAwait(false);
        }

        await ProbeAsync(cancellationToken).ConfigureAwait(false);
        return new SavePlan(request, _images, [.. _blobs.Values], _faults, _notes);
    }

    private void RefuseContradictions()
    {
        string? fault = request switch
        {
            { Compression: not (CtrCompression.None or CtrCompression.Gzip or CtrCompression.Zstd) } => $"An archive cannot be written with {request.Compression}, only with gzip or zstd.",
            { Format: CtrArchiveFormat.Docker, Excluded: not null } => "Docker's format cannot say that layers are left out: a delta bundle needs the format Oci or Both.",
            { Format: CtrArchiveFormat.Docker, Scope: CtrSaveScope.All } or { Format: CtrArchiveFormat.Docker, Platforms.Count: > 1 } =>
                "Docker's format holds one platform of an image: name a single one, or use the format Oci or Both.",
            _ => null,
        };
        if (fault is not null)
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, fault);
        }
    }

    /// <summary>Each name once. A name that stands for two images would keep only one of them when the archive is imported.</summary>
    private IEnumerable<CtrSaveImage> Distinct()
    {
        var seen = new Dictionary<string, CtrImage>(StringComparer.Ordinal);
        foreach (CtrSaveImage one in request.Images)
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
                    $"The archive would hold two images of the name '{one.Image.Name}': {first.Digest} out of namespace '{first.Namespace}' and {one.Image.Digest} out of namespace '{one.Image.Namespace}'.")
                {
                    Target = one.Image.Name,
                    RecommendedAction = "Save them in two archives, or give one of them another name with Add-CtrImageTag.",
                });
            }
        }
    }

    private async Task<SavedImage> ReadAsync(CtrSaveImage one, CancellationToken cancellationToken)
    {
        SaveSource source = _sources[(one.Connection, one.Image.Namespace)];
        var target = new Descriptor { MediaType = one.Image.MediaType, Digest = one.Image.Digest, Size = one.Image.TargetSize };
        ImageNode root = await source.ReadGraphAsync(target).ConfigureAwait(false);
        BlobInfo? info = await source.Connection.Content.FindAsync(source.Namespace, target.Digest, cancellationToken).ConfigureAwait(false);
        CtrPlatform host = await source.Connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        return new SavedImage
        {
            Name = one.Image.Name,
            Target = target,
            Source = source,
            Selection = ImageSelection.Of(root, request),
            Host = PlatformMatcher.Only(host),
            SourceLabels = SortedMap.From((info?.Labels ?? Descriptor.NoAnnotations).Where(label => label.Key.StartsWith(SourceLabelPrefix, StringComparison.Ordinal))),
        };
    }

    private async Task AddAsync(SavedImage image, CancellationToken cancellationToken)
    {
        _images.Add(image);
        ImageSelection selection = image.Selection;
        foreach (CtrPlatform platform in selection.AbsentPlatforms)
        {
            _faults.Add(SaveFaults.NoPlatform(image, platform));
        }

        foreach (ImageNode missing in selection.Missing.Where(node => _faulty.Add(node.Descriptor.Digest)))
        {
            MissingCause cause = await image.Source.CauseAsync(missing, image.ManifestOf(missing), cancellationToken).ConfigureAwait(false);
            _faults.Add(SaveFaults.Missing(image, missing, cause));
        }

        foreach (ImageNode damaged in selection.Nodes.Where(node => node.Fault is not null && _faulty.Add(node.Descriptor.Digest)))
        {
            _faults.Add(SaveFaults.Damaged(image, damaged, damaged.Fault!));
        }

        if (request.Format == CtrArchiveFormat.Docker && image.DockerManifest is null && selection.Missing.Count == 0 && selection.AbsentPlatforms.Count == 0)
        {
            _faults.Add(SaveFaults.NotForDocker(image));
        }

        foreach (ImageNode node in WantedNodes(image))
        {
            _ = _blobs.TryAdd(node.Descriptor.Digest, new SavedBlob(node, image));
        }

        _notes.AddRange(selection.LeftOutImages.Select(left => $"The image '{image.Name}' is saved without {left.Platform?.ToString() ?? left.Descriptor.Digest}, which is not whole in {image.Source.Blobs.Words}."));
        if (selection.LeftOutLayers.DistinctBy(layer => layer.Descriptor.Digest).ToList() is { Count: > 0 } layers)
        {
            _notes.Add($"{layers.Count} layers of the image '{image.Name}' with {layers.Sum(layer => layer.Descriptor.Size)} bytes are left out.");
        }
    }

    /// <summary>Docker's format holds one manifest's config and layers; the manifest itself is made anew by the reader.</summary>
    private IEnumerable<ImageNode> WantedNodes(SavedImage image) => request.Format != CtrArchiveFormat.Docker ? image.Selection.Nodes
        : image.DockerManifest is { } manifest ? manifest.Children.Where(image.Selection.Nodes.Contains)
        : [];

    /// <summary>Asks for the last byte of all that was not read whole: the metadata may promise what a power loss or a hand in the folder took.</summary>
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        IEnumerable<SavedBlob> unread = _blobs.Values.Where(blob => blob.Node.Kind is not (ImageNodeKind.Index or ImageNodeKind.Manifest) && blob.Node.IsSound);
        await foreach ((SavedBlob blob, CtrException? fault) in OrderedParallel.SelectAsync(
            unread, Concurrency, async (blob, token) => (blob, await blob.Image.Source.ProbeAsync(blob.Node.Descriptor, token).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false))
        {
            if (fault is not null && _faulty.Add(blob.Node.Descriptor.Digest))
            {
                _faults.Add(SaveFaults.Damaged(blob.Image, blob.Node, fault));
            }
        }
    }
}
