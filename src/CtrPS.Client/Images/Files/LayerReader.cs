using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images.Files;

/// <summary>
/// Reads a layer once from its start to its end: what is in it, and where reading can begin later. Only bytes that hash to the layer's digest count.
/// </summary>
/// <param name="blobs">Where the layer is.</param>
/// <param name="layer">The layer.</param>
/// <param name="manifest">The manifest that it is of.</param>
/// <param name="cannot">What cannot be done where it is damaged, without a full stop.</param>
internal sealed class LayerReader(IBlobSource blobs, ImageNode layer, ImageNode manifest, string cannot)
{
    private const string EncryptedSuffix = "+encrypted";

    private Descriptor Blob => layer.Descriptor;

    /// <summary>Reads it.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>; <see cref="CtrErrorIds.ImageTooLarge"/>; <see
    /// cref="CtrErrorIds.NotSupported"/>; <see cref="CtrErrorIds.CompressionUnavailable"/>.
    /// </exception>
    public async Task<LayerIndex> ReadAsync(CancellationToken cancellationToken)
    {
        await RequireAsync(cancellationToken).ConfigureAwait(false);
        Stream blob = await blobs.OpenAsync(Blob, 0, cancellationToken).ConfigureAwait(false);
        var proven = new ProvenStream(blob, Blob.Digest, cancellationToken);
        await using (proven.ConfigureAwait(false))
        {
            LayerIndex index;
            try
            {
                index = await ScanAsync(proven, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException or CtrException { ErrorId: CtrErrorIds.BlobCorrupt })
            {
                // Damaged on the way, or made so? The digest tells.
                await ProveAsync(proven, cancellationToken).ConfigureAwait(false);
                throw e is CtrException ? e : Fault(FormatFaultKind.Corrupt, e.Message, e);
            }
            catch (Exception e) when (e is FormatLimitException or InsufficientMemoryException)
            {
                throw Fault(FormatFaultKind.Limit, e.Message, e);
            }

            catch (IOException e)
            {
                throw new CtrException(
                    CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"{cannot}: the layer '{Blob.Digest}' cannot be read: {e.Message}", e)
                {
                    Target = Blob.Digest,
                };
            }

            await ProveAsync(proven, cancellationToken).ConfigureAwait(false);
            return index;
        }
    }

    private async Task RequireAsync(CancellationToken cancellationToken)
    {
        string type = Blob.MediaType;
        if (type.EndsWith(EncryptedSuffix, StringComparison.Ordinal))
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"{cannot}: the layer '{Blob.Digest}' is encrypted ({ForeignText.Show(type)}).")
            {
                Target = Blob.Digest,
                RecommendedAction = "Decrypt the image with the tool that has its key, such as skopeo copy --decryption-key.",
            };
        }

        if (!layer.IsSound)
        {
            CtrBlobFault fault = await BlobFaults.OfAsync(layer, manifest, blobs, cancellationToken).ConfigureAwait(false);
            string foreign = MediaTypes.IsNonDistributable(type) ? " (a layer that its maker does not let others distribute)" : "";
            throw BlobFaults.Refuse(cannot + foreign, fault, layer.Fault);
        }
    }

    private async Task<LayerIndex> ScanAsync(ProvenStream proven, CancellationToken cancellationToken)
    {
        byte[] head = new byte[Compressors.MagicLength];
        int read = await proven.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var points = new SeekPoints(Compressors.Detect(head.AsSpan(0, read)));
        var tree = new LayerTree(Fault);
        Stream plain = points.Decode(new PrefixedStream(head.AsMemory(0, read), proven), null, record: true);
        var counted = new CountedStream(plain, proven, Fault);
        await using (plain.ConfigureAwait(false))
        {
            var scanner = new TarScanner(counted, Fault, LayerLimits.MaxEntries);
            while (await NextAsync(scanner, counted, cancellationToken).ConfigureAwait(false) is { } item)
            {
                tree.Add(item, scanner.CurrentAttributes);
            }
        }

        return new LayerIndex(Blob, tree.Root, points, tree.Memory + points.Memory);
    }

    /// <summary>The next entry. A layer without any byte in it has none: so some tools write a step that changes nothing.</summary>
    private static async ValueTask<TarItem?> NextAsync(TarScanner scanner, CountedStream counted, CancellationToken cancellationToken)
    {
        try
        {
            return await scanner.NextAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException) when (counted.IsEmpty)
        {
            return null;
        }
    }

    private async Task ProveAsync(ProvenStream proven, CancellationToken cancellationToken)
    {
        (string digest, long size) = await proven.FinishAsync(cancellationToken).ConfigureAwait(false);
        if (digest != Blob.Digest || size != Blob.Size)
        {
            throw BlobFaults.Refuse(cannot, BlobFaults.WrongBytes(layer, manifest, blobs, digest, size));
        }
    }

    private CtrException Fault(FormatFaultKind kind, string what, Exception? cause = null) => kind == FormatFaultKind.Limit
        ? new CtrException(
            CtrErrorIds.ImageTooLarge, CtrStatus.ResourceExhausted, $"{cannot}: the layer '{Blob.Digest}' goes beyond a limit: {what}", cause)
        {
            Target = Blob.Digest,
        }
        : new CtrException(
            CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"{cannot}: the layer '{Blob.Digest}' has the right digest, but no sound tar: {what}", cause)
        {
            Target = Blob.Digest,
            RecommendedAction = BlobFaults.NoWayOut,
        };

    /// <summary>Counts what a layer expands to, and stops where that is beyond reason.</summary>
    private sealed class CountedStream(Stream content, ProvenStream packed, FormatFault fault) : ForwardStream
    {
        private long _plain;

        public bool IsEmpty => _plain == 0;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _plain += read;
            return Expansion.FaultOf(packed.Position, _plain) is { } what ? throw fault(FormatFaultKind.Limit, what) : read;
        }
    }
}
