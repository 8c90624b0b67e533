using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images.Files;

/// <summary>Reads files out of a layer: forwards as long as that is the shortest way, else from the nearest place where reading can begin.</summary>
internal sealed class LayerContent(IBlobSource blobs, LayerIndex layer) : IAsyncDisposable
{
    private readonly byte[] _skipped = new byte[1 << 16];
    private Stream? _plain;
    private long _position;

    /// <summary>Opens the content of a file. It is valid until the next one is opened.</summary>
    public async Task<Stream> OpenAsync(LayerFile file, CancellationToken cancellationToken)
    {
        SeekPoint? point = layer.Points.Before(file.Offset);
        if (_plain is null || _position > file.Offset || layer.Points.Compression == CtrCompression.None || point?.Plain > _position)
        {
            await RestartAsync(point, file.Offset, cancellationToken).ConfigureAwait(false);
        }

        while (_position < file.Offset)
        {
            int wanted = (int)Math.Min(_skipped.Length, file.Offset - _position);
            if (await ReadAsync(_skipped.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false) == 0)
            {
                throw Cut(null);
            }
        }

        return new FileContent(this, file.Size);
    }

    public async ValueTask DisposeAsync()
    {
        if (_plain is not null)
        {
            await _plain.DisposeAsync().ConfigureAwait(false);
            _plain = null;
        }
    }

    private async Task RestartAsync(SeekPoint? point, long offset, CancellationToken cancellationToken)
    {
        await DisposeAsync().ConfigureAwait(false);
        if (layer.Points.Compression == CtrCompression.None)
        {
            _plain = await blobs.OpenAsync(layer.Blob, offset, cancellationToken).ConfigureAwait(false);
            _position = offset;
            return;
        }

        Stream packed = await blobs.OpenAsync(layer.Blob, SeekPoints.Start(point), cancellationToken).ConfigureAwait(false);
        _plain = layer.Points.Decode(packed, point, record: false);
        _position = point?.Plain ?? 0;
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            int read = await _plain!.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _position += read;
            return read;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Cut(e);
        }
    }

    private CtrException Cut(Exception? cause) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The layer '{layer.Blob.Digest}' in {blobs.Words} was sound and is not any more: {cause?.Message ?? "it ends too early."}",
        cause)
    {
        Target = layer.Blob.Digest,
        RecommendedAction = "Look what else is damaged there with Test-CtrImage -Deep.",
    };

    private sealed class FileContent(LayerContent content, long size) : ForwardStream
    {
        private long _left = size;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer = buffer[..(int)Math.Min(buffer.Length, _left)];
            if (buffer.IsEmpty)
            {
                return 0;
            }

            int read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _left -= read;
            return read > 0 ? read : throw content.Cut(null);
        }
    }
}
