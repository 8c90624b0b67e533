using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Compresses the plain layers of an image from a docker archive while they are written, and makes the manifest anew for them.</summary>
internal sealed class DockerLayerCompressor(ContentStore content, LeaseStore leases, ArchiveReader archive, Lease lease, BlobWriter writer)
{
    private const string UncompressedLabel = "containerd.io/uncompressed";

    /// <summary>Blobs written so far.</summary>
    public int Written { get; private set; }

    /// <summary>Writes the compressed layers and the new manifest; config and layers that are compressed already are there.</summary>
    /// <returns>The image with its new digests. The same image where all layers are compressed already.</returns>
    public async Task<ImageNode> CompressAsync(ImageNode root, DockerImage docker, CancellationToken cancellationToken)
    {
        var plain = new Dictionary<string, Descriptor>(StringComparer.Ordinal);
        foreach (Descriptor layer in docker.Layers.Where(layer => layer.MediaType == MediaTypes.DockerLayer))
        {
            plain[layer.Digest] = layer;
        }

        var compressed = new Dictionary<string, Descriptor>(StringComparer.Ordinal);
        foreach (string digest in plain.Keys)
        {
            if (await FindCompressedAsync(digest, cancellationToken).ConfigureAwait(false) is { } known)
            {
                compressed[digest] = known;
            }
        }

        var wanted = plain.Keys.Where(digest => !compressed.ContainsKey(digest)).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count > 0)
        {
            await foreach ((string digest, long _, Stream stream) in archive.ReadBlobsAsync(wanted, cancellationToken).ConfigureAwait(false))
            {
                compressed[digest] = await WriteAsync(digest, stream, cancellationToken).ConfigureAwait(false);
                Written++;
            }
        }

        Descriptor[] layers = docker.Layers.Select(layer => compressed.GetValueOrDefault(layer.Digest, layer)).ToArray();
        byte[] manifest = DockerManifest.Build(docker.Config, layers);
        var target = new Descriptor { MediaType = MediaTypes.DockerManifest, Digest = Digests.Of(manifest), Size = manifest.Length };
        IReadOnlyDictionary<string, string> labels = GarbageLabels.For(layers.Prepend(docker.Config));
        Written += await writer.WriteAsync(target, manifest, labels, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        return new ImageNode
        {
            Descriptor = target,
            Kind = ImageNodeKind.Manifest,
            Platform = root.Platform,
            State = new BlobState
            {
                StoredSize = target.Size,
                Height = 1,
                Children = [.. layers.Select(layer => Leaf(layer, ImageNodeKind.Layer)).Prepend(Leaf(docker.Config, ImageNodeKind.Config))],
            },
        };

        static ImageNode Leaf(Descriptor blob, ImageNodeKind kind) =>
            new() { Descriptor = blob, Kind = kind, State = new BlobState { StoredSize = blob.Size } };
    }

    /// <summary>A compressed form of a layer that the namespace has already: its label says what it unpacks to.</summary>
    private async Task<Descriptor?> FindCompressedAsync(string diffId, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{UncompressedLabel}\"==\"{diffId}\"";
        await foreach (BlobInfo blob in content.ListAsync(lease.Namespace, [filter], cancellationToken).ConfigureAwait(false))
        {
            if (blob.Digest != diffId)
            {
                await leases.AddBlobAsync(lease, blob.Digest, cancellationToken).ConfigureAwait(false);
                Stream start = content.Open(lease.Namespace, blob.Digest, blob.Size, cancellationToken);
                await using (start.ConfigureAwait(false))
                {
                    byte[] magic = new byte[2];
                    _ = await start.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                    if (magic is [0x1f, 0x8b])
                    {
                        return new Descriptor { MediaType = MediaTypes.DockerLayerGzip, Digest = blob.Digest, Size = blob.Size };
                    }
                }
            }
        }

        return null;
    }

    private async Task<Descriptor> WriteAsync(string diffId, Stream plain, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        Task compressing = CompressAsync(diffId, plain, pipe.Writer, cancellationToken);
        Stream compressed = pipe.Reader.AsStream();
        await using (compressed.ConfigureAwait(false))
        {
            try
            {
                var labels = new Dictionary<string, string> { [UncompressedLabel] = diffId };
                return await writer.WriteNewAsync($"gzip-{diffId}", MediaTypes.DockerLayerGzip, compressed, labels, cancellationToken)
                    .ConfigureAwait(false);
            }
            finally
            {
                await pipe.Reader.CompleteAsync().ConfigureAwait(false);
                await compressing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its fault came through the pipe
            }
        }
    }

    private static async Task CompressAsync(string diffId, Stream plain, PipeWriter output, CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            using IncrementalHash hash = Digests.Hash(diffId);
            var gzip = new GZipStream(output.AsStream(leaveOpen: true), CompressionLevel.Optimal, leaveOpen: true);
            await using (gzip.ConfigureAwait(false))
            {
                byte[] buffer = new byte[1 << 20];
                for (int read; (read = await plain.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
                {
                    hash.AppendData(buffer, 0, read);
                    await gzip.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }
            }

            string actual = Digests.Of(hash, diffId);
            fault = actual == diffId ? null : new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The layer '{diffId}' is corrupt: its bytes hash to {actual}.")
            {
                Target = diffId,
            };
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or CtrException or InvalidOperationException)
        {
            fault = e;
        }

        await output.CompleteAsync(fault).ConfigureAwait(false);
    }
}
