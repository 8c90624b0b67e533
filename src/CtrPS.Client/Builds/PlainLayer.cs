using System.Security.Cryptography;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// What a stored layer holds, uncompressed. At its end it is proven: that the stored bytes are those of the digest, and what they hold is what the
/// config says. Before that nothing that was read is to be relied on. Owns the stream.
/// </summary>
internal sealed class PlainLayer : ForwardStream
{
    private readonly Descriptor _layer;
    private readonly string? _diffId;
    private readonly Stream _stored;
    private readonly IncrementalHash _storedHash;
    private readonly IncrementalHash _plainHash;
    private readonly HashedStream _hashed;
    private readonly Stream _plain;
    private long _read;
    private bool _ended;

    private PlainLayer(Descriptor layer, string? diffId, Stream stored, HashedStream hashed, IncrementalHash hash, CtrCompression compression)
    {
        (_layer, _diffId, _stored, _hashed, _storedHash) = (layer, diffId, stored, hashed, hash);
        _plainHash = diffId is null ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : Digests.Hash(diffId);
        _plain = Compressors.Decompress(hashed, compression);
    }

    /// <summary>Of what came: known at its end.</summary>
    public string DiffId { get; private set; } = "";

    /// <summary>Opens a layer.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="layer">The layer. How it is compressed its first bytes tell.</param>
    /// <param name="diffId">What the config says of it. Null: nothing is known.</param>
    /// <param name="meter">Counts its stored bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/>, also while it is
    /// read.</exception>
    public static async Task<PlainLayer> OpenAsync(
        IBlobSource source, Descriptor layer, string? diffId, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Stream stored = await source.OpenAsync(layer, 0, cancellationToken).ConfigureAwait(false);
        IncrementalHash hash = Digests.Hash(layer.Digest);
        try
        {
            var hashed = new HashedStream(new BufferedStream(stored, 1 << 17), hash, count => meter.AddDone(count));
            ReadOnlyMemory<byte> head = await hashed.PeekAsync(Compressors.MagicLength, cancellationToken).ConfigureAwait(false);
            return new PlainLayer(layer, diffId, stored, hashed, hash, Compressors.Detect(head.Span));
        }
        catch
        {
            hash.Dispose();
            await stored.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        int read;
        try
        {
            read = await _plain.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatLimitException or InsufficientMemoryException)
        {
            throw Corrupt($"what is compressed in it cannot be read beyond byte {_read}: {e.Message}", e);
        }

        _plainHash.AppendData(buffer.Span[..read]);
        _read += read;
        if (Expansion.FaultOf(_hashed.Position, _read) is { } fault)
        {
            throw Corrupt(fault, null);
        }

        if (read == 0)
        {
            await EndAsync(cancellationToken).ConfigureAwait(false);
        }

        return read;
    }

    /// <summary>Reads what is left, so that all of it is proven.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 17];
        while (await ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0)
        {
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _plain.Dispose();
            _stored.Dispose();
            _storedHash.Dispose();
            _plainHash.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        _ended = true;
        byte[] rest = new byte[1 << 16];
        while (await _hashed.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        string stored = Digests.Of(_storedHash, _layer.Digest);
        if (stored != _layer.Digest)
        {
            throw Corrupt($"its bytes hash to {stored}.", null);
        }

        DiffId = Digests.Of(_plainHash, _diffId ?? "sha256:");
        if (_diffId is not null && DiffId != _diffId)
        {
            throw Corrupt(
                $"it unpacks to {DiffId}, but its config says {_diffId}. The image was made wrong, or its config is that of another.", null);
        }
    }

    private CtrException Corrupt(string what, Exception? cause) =>
        new(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The layer '{_layer.Digest}' is corrupt: {what}", cause)
        {
            Target = _layer.Digest,
            RecommendedAction = "Test-CtrImage -Deep tells what else is wrong; Repair-CtrImage gets sound bytes from elsewhere.",
        };
}
