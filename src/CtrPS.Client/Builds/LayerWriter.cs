using System.IO.Pipelines;
using System.Security.Cryptography;
using CtrPS.Client.Content;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// Writes layers into a namespace, under a lease: compressed while they come, in memory that does not grow with them. The same bytes and form give
/// the same blob.
/// </summary>
internal sealed class LayerWriter(ContentStore content, Lease lease)
{
    /// <summary>By it containerd knows without unpacking what a compressed layer holds.</summary>
    private const string UncompressedLabel = "containerd.io/uncompressed";

    /// <summary>
    /// What made a layer of ours: only such a one is the same on every daemon. Another client's layer of the same files has another digest.
    /// </summary>
    private const string FormLabel = "ctrps.io/layer-form";

    /// <summary>How often a layer is written that others let go each time.</summary>
    private const int MaxRaces = 5;

    /// <summary>Writes a layer. Where others write the same and let it go meanwhile it is written again.</summary>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="form">How it is to be compressed.</param>
    /// <param name="write">Writes its plain bytes, the same whenever it is called.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The layer and its diff id.</returns>
    public async Task<(Descriptor Layer, string DiffId)> WriteAsync(
        string mediaType, LayerForm form, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await WriteOnceAsync(mediaType, form, write, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (attempt < MaxRaces && e is { ErrorId: CtrErrorIds.BlobMissing, Status: CtrStatus.Aborted })
            {
                // It was there already, and is not any more.
            }
        }
    }

    private async Task<(Descriptor Layer, string DiffId)> WriteOnceAsync(
        string mediaType, LayerForm form, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, useSynchronizationContext: false));
        Task<string> making = Task.Run(() => MakeAsync(pipe.Writer, form, write, stop.Token), CancellationToken.None);
        Descriptor layer;
        Stream made = pipe.Reader.AsStream();
        await using (made.ConfigureAwait(false))
        {
            try
            {
                layer = await content.Writer(lease).WriteNewAsync(
                    $"layer-{Guid.NewGuid():N}", mediaType, made, new Dictionary<string, string>(), cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                await pipe.Reader.CompleteAsync().ConfigureAwait(false);
                await ((Task)making).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its fault came through the pipe
            }
        }

        string diffId = await making.ConfigureAwait(false);
        if (form.Compression != CtrCompression.None)
        {
            var labels = new Dictionary<string, string> { [UncompressedLabel] = diffId, [FormLabel] = form.ToString() };
            await content.SetLabelsAsync(lease.Namespace, layer.Digest, labels, cancellationToken).ConfigureAwait(false);
        }

        return (layer, diffId);
    }

    /// <summary>A layer that was written in that form before, and is there. It belongs to the lease then. Null: none.</summary>
    public async Task<Descriptor?> FindAsync(string diffId, string mediaType, LayerForm form, CancellationToken cancellationToken)
    {
        if (form.Compression == CtrCompression.None)
        {
            return await HoldAsync(diffId, cancellationToken).ConfigureAwait(false) is { } plain
                ? new Descriptor { MediaType = mediaType, Digest = diffId, Size = plain.Size }
                : null;
        }

        string filter = $"labels.\"{UncompressedLabel}\"==\"{diffId}\",labels.\"{FormLabel}\"==\"{form}\"";
        await foreach (BlobInfo blob in content.ListAsync(lease.Namespace, [filter], cancellationToken).ConfigureAwait(false))
        {
            if (await HoldAsync(blob.Digest, cancellationToken).ConfigureAwait(false) is not null)
            {
                return new Descriptor { MediaType = mediaType, Digest = blob.Digest, Size = blob.Size };
            }
        }

        return null;
    }

    /// <summary>Puts a blob under the lease: first the lease, then the look, as it may be collected in between. Null where it is not there.</summary>
    public async Task<BlobInfo?> HoldAsync(string digest, CancellationToken cancellationToken)
    {
        await lease.AddBlobAsync(digest, cancellationToken).ConfigureAwait(false);
        return await content.FindAsync(lease.Namespace, digest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a blob of an image that was read a moment before.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="image">The image in words.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>.</exception>
    public async Task KeepAsync(string digest, string image, CancellationToken cancellationToken)
    {
        if (await HoldAsync(digest, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new CtrException(
                CtrErrorIds.BlobMissing,
                CtrStatus.Aborted,
                $"The blob '{digest}' of {image} was there, and is gone now: was the image removed?")
            {
                Target = digest,
            };
        }
    }

    /// <summary>What a layer that another wrote says it unpacks to. Null: it does not say.</summary>
    public async Task<string?> FindDiffIdAsync(string digest, CancellationToken cancellationToken) =>
        (await content.FindAsync(lease.Namespace, digest, cancellationToken).ConfigureAwait(false))?.Labels.GetValueOrDefault(UncompressedLabel);

    /// <summary>Writes a manifest, an index or a config.</summary>
    public async Task<Descriptor> WriteDocumentAsync(
        string mediaType, byte[] bytes, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var blob = new Descriptor { MediaType = mediaType, Digest = Digests.Of(bytes), Size = bytes.Length };
        if (!await content.Writer(lease).WriteAsync(blob, bytes, labels, cancellationToken).ConfigureAwait(false) && labels.Count > 0)
        {
            await content.SetLabelsAsync(lease.Namespace, blob.Digest, labels, cancellationToken).ConfigureAwait(false);
        }

        return blob;
    }

    private static async Task<string> MakeAsync(
        PipeWriter output, LayerForm form, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Stream into = output.AsStream(leaveOpen: true);
            Stream packed = form.Compression == CtrCompression.None
                ? into
                : Compressors.Compress(into, form.Compression, leaveOpen: true, form.Level);
            await using (packed.ConfigureAwait(false))
            {
                var plain = new HashingSink(packed, hash);
                await using (plain.ConfigureAwait(false))
                {
                    try
                    {
                        await write(plain, cancellationToken).ConfigureAwait(false);
                    }
                    catch
                    {
                        (packed as ZstdEncoderStream)?.Abandon(); // it would compress what it has still, for seconds
                        throw;
                    }
                }
            }

            await output.CompleteAsync().ConfigureAwait(false);
            return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception e)
        {
            await output.CompleteAsync(e).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Hashes what is written through it. Leaves what is below it open.</summary>
    private sealed class HashingSink(Stream below, IncrementalHash hash) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested(); // who compresses looks only when there is something to pass on
            hash.AppendData(buffer.Span);
            await below.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count)
        {
            hash.AppendData(buffer, offset, count);
            below.Write(buffer, offset, count);
        }

        public override void Flush() => below.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
