using System.Runtime.CompilerServices;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
internal sealed class ImageArchives : IArchiveFiles
{
    public async IAsyncEnumerable<CtrArchiveImage> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArchiveReader archive = await ArchiveReader.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            var graphs = new Dictionary<string, ImageNode>(StringComparer.Ordinal);
            foreach (ArchiveImage image in archive.Images)
            {
                ImageNode graph = await GraphAsync(archive, image.Target, graphs, cancellationToken).ConfigureAwait(false);
                yield return new CtrArchiveImage
                {
                    Path = archive.Path,
                    Name = image.Name,
                    Digest = image.Target.Digest,
                    MediaType = image.Target.MediaType,
                    Size = ImageContent.SizeOf(graph, PlatformMatcher.Only(CtrPlatform.Local)),
                    Platforms = ImageContent.PlatformsOf(graph),
                    Format = archive.Format,
                    Compression = archive.Compression,
                    Faults = ImageContent.FaultsOf(graph, archive, hashed: null, leftOutToo: true),
                    IsComplete = graph.IsWhole,
                };
            }
        }
    }

    public async IAsyncEnumerable<CtrArchiveCheck> VerifyAsync(
        string path, CtrTransferMeter meter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArchiveReader archive = await ArchiveReader.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            var graphs = new Dictionary<string, ImageNode>(StringComparer.Ordinal);
            foreach (ArchiveImage image in archive.Images)
            {
                _ = await GraphAsync(archive, image.Target, graphs, cancellationToken).ConfigureAwait(false);
            }

            var present = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (ImageNode node in graphs.Values.SelectMany(graph => graph.All))
            {
                if (node.StoredSize is { } size)
                {
                    present[node.Descriptor.Digest] = size;
                }
            }

            meter.SetTotal(present.Values.Sum());
            IReadOnlyDictionary<string, HashedBlob> hashed =
                await ArchiveHasher.HashAsync(archive, present.Keys.ToHashSet(StringComparer.Ordinal), meter, cancellationToken).ConfigureAwait(false);
            foreach (ArchiveImage image in archive.Images)
            {
                ImageNode graph = await GraphAsync(archive, image.Target, graphs, cancellationToken).ConfigureAwait(false);
                IReadOnlyList<ImageNode> blobs = ImageContent.BlobsOf(graph, leftOutToo: false);
                IReadOnlyList<CtrBlobFault> rootFs = await RootFs.CompareAsync(graph, archive, cancellationToken).ConfigureAwait(false);
                CtrBlobFault[] faults =
                [
                    .. ImageContent.FaultsOf(graph, archive, hashed, leftOutToo: false),
                    .. rootFs.Where(fault => hashed[fault.Digest].Digest == fault.Digest),
                ];
                yield return new CtrArchiveCheck
                {
                    Path = archive.Path,
                    Name = image.Name,
                    Digest = image.Target.Digest,
                    Status = faults.Select(fault => fault.Status).DefaultIfEmpty(CtrBlobStatus.Ok).Max(),
                    BlobCount = blobs.Count,
                    Size = blobs.Sum(blob => hashed.TryGetValue(blob.Descriptor.Digest, out HashedBlob? one) ? one.Size : 0),
                    Faults = faults,
                };
            }
        }
    }

    /// <summary>The graph below a target; several names of one image share it.</summary>
    private static async ValueTask<ImageNode> GraphAsync(
        ArchiveReader archive, Descriptor target, Dictionary<string, ImageNode> known, CancellationToken cancellationToken)
    {
        string key = $"{target.Digest} {target.MediaType} {target.Size}";
        if (!known.TryGetValue(key, out ImageNode? graph))
        {
            known[key] = graph = await ImageGraph.ReadAsync(archive, target, cancellationToken).ConfigureAwait(false);
        }

        return graph;
    }
}
