using System.Runtime.CompilerServices;
using CtrPS.Client.Connection;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>Checks images: what is here of them, and whether it is sound.</summary>
internal sealed class ImageTester(ContainerdConnection connection, CtrTestOptions options)
{
    /// <summary>Images looked at side by side.</summary>
    private const int Concurrency = 16;

    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    public async IAsyncEnumerable<CtrImageCheck> TestAsync(
        IReadOnlyList<CtrImage> images, CtrTransferMeter meter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        CtrPlatform host = await connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        foreach (IGrouping<string, CtrImage> some in images.GroupBy(image => image.Namespace))
        {
            _places[some.Key] = new Place(
                new ImageSource(connection, some.Key, listed: some.Skip(1).Any(), cancellationToken),
                await connection.Unpacker.FindSnapshotterAsync(some.Key, options.Snapshotter, cancellationToken).ConfigureAwait(false));
        }

        IReadOnlyList<CtrPlatform> platforms = options.Platforms.Count > 0 ? options.Platforms : [host];
        IAsyncEnumerable<Subject> subjects = OrderedParallel.SelectAsync(
            images.SelectMany(image => platforms.Select(platform => (image, platform))),
            Concurrency,
            (one, token) => LookAsync(one.image, one.platform, token),
            cancellationToken);
        if (!options.Deep)
        {
            await foreach (Subject subject in subjects.ConfigureAwait(false))
            {
                IReadOnlyList<BlobFinding> findings = await subject.Checker.FindKnownAsync(cancellationToken).ConfigureAwait(false);
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

        meter.SetTotal(all
            .SelectMany(subject => subject.Checker.Blobs)
            .DistinctBy(node => node.Descriptor.Digest)
            .Sum(node => node.StoredSize ?? 0));
        using var hasher = new BlobHasher(options.Concurrency);
        await foreach ((Subject subject, IReadOnlyList<BlobFinding> findings, long bytes) in OrderedParallel.SelectAsync(
            all,
            Concurrency,
            async (subject, token) =>
            {
                meter.Show($"Reading {subject.Image.Name}");
                (IReadOnlyList<BlobFinding> findings, long bytes) = await subject.Checker.FindAllAsync(hasher, meter, token).ConfigureAwait(false);
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
        ImageNode root = await ReadAsync(place.Source, Records.TargetOf(image)).ConfigureAwait(false);
        bool asked = options.Platforms.Count > 0;
        PlatformMatcher matcher = asked ? PlatformMatcher.Exactly(platform) : PlatformMatcher.Only(platform);
        ImageNode? chosen = ImageSelection.Best(root, matcher, checkRoot: asked);
        var known = new List<BlobFinding>();
        bool unpacked = chosen is not null && await IsUnpackedAsync(place, chosen, known, cancellationToken).ConfigureAwait(false);
        var checker = new ImageChecker(place.Source, root, node => node == chosen, onlyWanted: asked, inflate: true);
        return new Subject(image, chosen, chosen?.Platform ?? platform, unpacked, checker, known);
    }

    /// <summary>An image beyond all measure is a finding too, and no end of the check.</summary>
    private static async Task<ImageNode> ReadAsync(ImageSource source, Descriptor target)
    {
        try
        {
            return await source.ReadGraphAsync(target).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageTooLarge)
        {
            return new ImageNode { Descriptor = target, Kind = ImageNodeKind.Index, State = new BlobState { StoredSize = target.Size, Fault = e } };
        }
    }

    private async Task<bool> IsUnpackedAsync(Place place, ImageNode manifest, List<BlobFinding> known, CancellationToken cancellationToken)
    {
        if (place.Snapshotter is null || manifest.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType))
        {
            return false;
        }

        try
        {
            var parsed =
                ImageConfig.Parse(await place.Source.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false), config.Descriptor);
            return await connection.Unpacker.IsUnpackedAsync(
                place.Source.Namespace, place.Snapshotter, parsed, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            known.Add(new BlobFinding(config, BlobFaults.Damaged(config, manifest, place.Source, e)));
            return false;
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
    private sealed record Place(ImageSource Source, string? Snapshotter);

    /// <param name="Image">The image.</param>
    /// <param name="Manifest">What was chosen for the platform. Null: the image has nothing for it.</param>
    /// <param name="Platform">The manifest's, else the one asked for.</param>
    /// <param name="Unpacked">Whether it is unpacked.</param>
    /// <param name="Checker">Finds what is wrong.</param>
    /// <param name="Known">What came out wrong on the way, without reading layers.</param>
    private sealed record Subject(
        CtrImage Image, ImageNode? Manifest, CtrPlatform Platform, bool Unpacked, ImageChecker Checker, IReadOnlyList<BlobFinding> Known);
}
