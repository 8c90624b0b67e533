using System.Runtime.CompilerServices;
using CtrPS.Client.Archives;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>Checks images: what is here of them, and whether it is sound.</summary>
internal sealed class ImageTester(ContainerdConnection connection, CtrTestOptions options)
{
    /// <summary>Images looked at side by side.</summary>
    private const int Concurrency = 16;

    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    public async IAsyncEnumerable<CtrImageCheck> TestAsync(IReadOnlyList<CtrImage> images, CtrTransferMeter meter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        CtrPlatform host = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        foreach (IGrouping<string, CtrImage> some in images.GroupBy(image => image.Namespace))
        {
            _places[some.Key] = new Place(
                new SaveSource(connection, some.Key, listed: some.Skip(1).Any(), cancellationToken),
                await ChooseSnapshotterAsync(some.Key, cancellationToken).ConfigureAwait(false));
        }

        IReadOnlyList<CtrPlatform> platforms = options.Platforms.Count > 0 ? options.Platforms : [host];
        IAsyncEnumerable<Subject> subjects = OrderedParallel.SelectAsync(
            images.SelectMany(image => platforms.Select(platform => (image, platform))), Concurrency, (one, token) => LookAsync(one.image, one.platform, token), cancellationToken);
        if (!options.Deep)
        {
            await foreach (Subject subject in subjects.ConfigureAwait(false))
            {
                IReadOnlyList<BlobFinding> findings = await subject.Finder.FindMissingAsync(cancellationToken).ConfigureAwait(false);
                yield return Report(subject, [.. findings, .. subject.Known], 0);
            }

            yield break;
        }

        // First all that is to be read, so that it is known how much that is.
        var all = new List<Subject>();
        await foreach (Subject subject in subjects.ConfigureAwait(false))
        {
            all.Add(subject);
        }

        meter.SetTotal(all.SelectMany(subject => subject.Finder.Nodes).Where(node => node.StoredSize is not null).DistinctBy(node => node.Descriptor.Digest).Sum(node => node.StoredSize!.Value));
        using var hasher = new BlobHasher(connection.Content, options.Concurrency);
        await foreach ((Subject subject, IReadOnlyList<BlobFinding> findings, long bytes) in OrderedParallel.SelectAsync(
            all,
            Concurrency,
            async (subject, token) =>
            {
                meter.Show($"Reading {subject.Image.Name}");
                (IReadOnlyList<BlobFinding> findings, long bytes) = await subject.Finder.FindAllAsync(hasher, meter, token).ConfigureAwait(false);
                return (subject, findings, bytes);
            },
            cancellationToken).ConfigureAwait(false))
        {
            yield return Report(subject, findings, bytes);
        }
    }

    private async Task<Subject> LookAsync(CtrImage image, CtrPlatform platform, CancellationToken cancellationToken)
    {
        Place place = _places[image.Namespace];
        var target = new Descriptor { MediaType = image.MediaType, Digest = image.Digest, Size = image.TargetSize };
        ImageNode root = await ImageGraph.ReadAsync(place.Source.Blobs, target, cancellationToken).ConfigureAwait(false);
        bool asked = options.Platforms.Count > 0;
        ImageNode? chosen = ManifestChoice.Choose(root, asked ? PlatformMatcher.Strict([platform]) : PlatformMatcher.Only(platform), checkRoot: asked);
        var known = new List<BlobFinding>();
        bool unpacked = chosen is not null && await IsUnpackedAsync(place, chosen, known, cancellationToken).ConfigureAwait(false);
        foreach (ImageNode damaged in Path(root, chosen).Where(node => node.Fault is not null))
        {
            known.Add(new BlobFinding(damaged, damaged.Fault!.ErrorId == CtrErrorIds.BlobMissing
                ? BlobFaults.Unreadable(damaged, chosen?.Platform, place.Source.Blobs.Words, damaged.Fault)
                : BlobFaults.Corrupt(damaged, chosen?.Platform, $"is not what it should be. {damaged.Fault.Message}")));
        }

        var finder = new FaultFinder(place.Source, root, node => node == chosen, onlyWanted: asked);
        return new Subject(image, chosen, chosen?.Platform ?? platform, unpacked, finder, known);
    }

    /// <summary>What leads to the chosen manifest, and what hangs on it.</summary>
    private static IEnumerable<ImageNode> Path(ImageNode root, ImageNode? chosen) => root.All.Where(node => node == root || node == chosen || chosen?.Children.Contains(node) == true
        || (node.Kind == ImageNodeKind.Index && chosen is not null && node.All.Contains(chosen)));

    private async Task<bool> IsUnpackedAsync(Place place, ImageNode manifest, List<BlobFinding> known, CancellationToken cancellationToken)
    {
        if (place.Snapshotter is null || manifest.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType))
        {
            return false;
        }

        try
        {
            var parsed = ImageConfig.Parse(await place.Source.Blobs.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false), config.Descriptor);
            return await connection.Unpacker.IsUnpackedAsync(place.Source.Namespace, place.Snapshotter, parsed, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            known.Add(new BlobFinding(config, e.ErrorId == CtrErrorIds.BlobMissing
                ? BlobFaults.Unreadable(config, manifest.Platform, place.Source.Blobs.Words, e)
                : BlobFaults.Corrupt(config, manifest.Platform, $"is not what it should be. {e.Message}")));
            return false;
        }
    }

    private async Task<string?> ChooseSnapshotterAsync(string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.Unpacker.ChooseSnapshotterAsync(@namespace, options.Snapshotter, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NotSupported && options.Snapshotter is null)
        {
            // Nothing can be unpacked with a snapshotter that is not at work.
            return null;
        }
    }

    private CtrImageCheck Report(Subject subject, IReadOnlyList<BlobFinding> findings, long bytesRead)
    {
        ImageNode? manifest = subject.Manifest is { Kind: ImageNodeKind.Manifest, IsSound: true } sound ? sound : null;
        ImageNode[] present = manifest is null ? [] : manifest.Children.Where(child => child.StoredSize is not null).ToArray();
        CtrBlobFault[] faults = findings.Select(finding => finding.Fault).ToArray();
        return new CtrImageCheck
        {
            Name = subject.Image.Name,
            Namespace = subject.Image.Namespace,
            Session = subject.Image.Session,
            Digest = subject.Image.Digest,
            MediaType = subject.Image.MediaType,
            Platform = subject.Platform,
            Status = faults.Any(fault => fault.Status is CtrBlobStatus.Corrupt or CtrBlobStatus.Unreadable) ? CtrImageState.Corrupt
                : manifest is null ? CtrImageState.Unavailable
                : present.Length < manifest.Children.Count ? CtrImageState.Incomplete
                : CtrImageState.Complete,
            PresentCount = present.Length,
            RequiredCount = manifest?.Children.Count,
            PresentSize = present.Sum(child => child.Descriptor.Size),
            RequiredSize = manifest?.Children.Sum(child => child.Descriptor.Size),
            Unpacked = subject.Unpacked,
            IsDeep = options.Deep,
            BytesRead = bytesRead,
            Faults = faults,
        };
    }

    /// <param name="Source">The blobs of a namespace.</param>
    /// <param name="Snapshotter">Where its layers would be unpacked. Null: nowhere.</param>
    private sealed record Place(SaveSource Source, string? Snapshotter);

    /// <param name="Image">The image.</param>
    /// <param name="Manifest">What was chosen for the platform. Null: the image has nothing for it.</param>
    /// <param name="Platform">The manifest's, else the one asked for.</param>
    /// <param name="Unpacked">Whether it is unpacked.</param>
    /// <param name="Finder">Finds what is wrong.</param>
    /// <param name="Known">What came out wrong on the way, without reading layers.</param>
    private sealed record Subject(CtrImage Image, ImageNode? Manifest, CtrPlatform Platform, bool Unpacked, FaultFinder Finder, IReadOnlyList<BlobFinding> Known);
}
