using System.Runtime.CompilerServices;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
internal sealed class ImageArchives : IArchiveFiles
{
    /// <summary>Blobs read at the same time.</summary>
    private const int MaxStreams = 4;

    public async IAsyncEnumerable<CtrArchiveImage> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArchiveReader archive = await ArchiveReader.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            var graph = new ImageGraph(archive, cancellationToken);
            foreach (ArchiveImage image in archive.Images)
            {
                ImageNode root = await graph.ReadAsync(image.Target).ConfigureAwait(false);
                var checker = new ImageChecker(archive, root, _ => true, onlyWanted: false, inflate: false);
                IReadOnlyList<BlobFinding> findings = await checker.FindKnownAsync(cancellationToken).ConfigureAwait(false);
                yield return new CtrArchiveImage
                {
                    Path = archive.Path,
                    Name = image.Name,
                    Digest = image.Target.Digest,
                    MediaType = image.Target.MediaType,
                    Size = ImageSummary.SizeOf(root, PlatformMatcher.Only(CtrPlatform.Local)),
                    Platforms = ImageSummary.PlatformsOf(root),
                    Format = archive.Format,
                    Compression = archive.Compression,
                    Faults = findings.Select(finding => finding.Fault).ToArray(),
                    IsComplete = root.IsWhole,
                };
            }
        }
    }

    public async IAsyncEnumerable<CtrArchiveCheck> VerifyAsync(
        string path, bool deep, CtrTransferMeter meter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArchiveReader archive = await ArchiveReader.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            var graph = new ImageGraph(archive, cancellationToken);
            var images = new List<(ArchiveImage Image, ImageChecker Checker)>();
            foreach (ArchiveImage image in archive.Images)
            {
                ImageNode root = await graph.ReadAsync(image.Target).ConfigureAwait(false);
                images.Add((image, new ImageChecker(archive, root, IsNeeded(root), onlyWanted: false, inflate: deep)));
            }

            // Everything in one pass: a compressed archive is read from its start to its end, and what images share is read once.
            (Descriptor Blob, bool Inflate)[] all = [.. images.SelectMany(one => one.Checker.Readable).DistinctBy(one => one.Blob.Digest)];
            meter.SetTotal(images
                .SelectMany(one => one.Checker.Blobs)
                .DistinctBy(node => node.Descriptor.Digest)
                .Sum(node => node.StoredSize ?? 0));
            using var hasher = new BlobHasher(Math.Clamp(Environment.ProcessorCount, 1, MaxStreams));
            _ = await hasher.ReadAllAsync(archive, all, meter, cancellationToken).ConfigureAwait(false);
            foreach ((ArchiveImage image, ImageChecker checker) in images)
            {
                (IReadOnlyList<BlobFinding> findings, long bytes) =
                    await checker.FindAllAsync(hasher, meter, cancellationToken).ConfigureAwait(false);
                yield return new CtrArchiveCheck
                {
                    Path = archive.Path,
                    Name = image.Name,
                    Digest = image.Target.Digest,
                    Status = findings.Select(finding => finding.Fault.Status).DefaultIfEmpty(CtrBlobStatus.Ok).Max(),
                    BlobCount = checker.Blobs.Count,
                    Size = bytes,
                    Faults = findings.Select(finding => finding.Fault).ToArray(),
                };
            }
        }
    }

    /// <summary>
    /// Manifests that an index names and the archive does not hold are left out with all below them, as savers do with platforms that are not asked
    /// for; unless they are all that there is, attestations of them aside. A digest that is none could not be left out: nobody could have it.
    /// </summary>
    private static Func<ImageNode, bool> IsNeeded(ImageNode root)
    {
        ImageNode[] images = [.. root.Manifests.Where(manifest => !manifest.IsAttestation)];
        bool anyThere = (images.Length > 0 ? images : root.Manifests).Any(manifest => manifest.StoredSize is not null);
        return node => !anyThere || node.StoredSize is not null || !Digests.IsValid(node.Descriptor.Digest);
    }
}
