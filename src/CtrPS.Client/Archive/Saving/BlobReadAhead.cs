using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using CtrPS.Client.Transport;

namespace CtrPS.Client.Archive.Saving;

/// <summary>
/// Reads blobs one after the other, ahead of the one who takes their bytes: the next blobs are opened while one is read, and chunks wait in a queue of
/// bounded length. Memory does not grow with the size of the blobs.
/// </summary>
internal sealed class BlobReadAhead : IAsyncDisposable
{
    /// <summary>Blobs that are open at the same time.</summary>
    private const int OpenBlobs = 4;

    /// <summary>Chunks that wait.</summary>
    private const int QueueLength = 16;

    private const int ChunkSize = 1 << 20;

    private readonly Channel<Chunk?> _queue = Channel.CreateBounded<Chunk?>(new BoundedChannelOptions(QueueLength) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    public BlobReadAhead(IReadOnlyList<SavedBlob> blobs, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _reading = Task.Run(() => ReadAllAsync(blobs, _stop.Token), CancellationToken.None);
    }

    /// <summary>The next bytes of the blob whose turn it is. Null where it is at its end, once; then it is the turn of the next one.</summary>
    public async ValueTask<Chunk?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _queue.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e) when (e.InnerException is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        while (_queue.Reader.TryRead(out Chunk? chunk))
        {
            chunk?.Dispose();
        }

        _stop.Dispose();
    }

    /// <summary>Never throws: what goes wrong is thrown to who takes the bytes.</summary>
    private async Task ReadAllAsync(IReadOnlyList<SavedBlob> blobs, CancellationToken cancellationToken)
    {
        try
        {
            await foreach ((Stream content, Chunk? first) in OrderedParallel.SelectAsync(blobs, OpenBlobs, OpenAsync, cancellationToken).ConfigureAwait(false))
            {
                await using (content.ConfigureAwait(false))
                {
                    for (Chunk? chunk = first; chunk is not null; chunk = await ReadAsync(content, cancellationToken).ConfigureAwait(false))
                    {
                        await _queue.Writer.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
                    }
                }

                await _queue.Writer.WriteAsync(null, cancellationToken).ConfigureAwait(false);
            }

            _queue.Writer.Complete();
        }
        catch (Exception e) when (e is CtrException or IOException or OperationCanceledException)
        {
            _queue.Writer.Complete(e);
        }
    }

    private static async Task<(Stream Content, Chunk? First)> OpenAsync(SavedBlob blob, CancellationToken cancellationToken)
    {
        Stream content = await blob.Image.Source.Blobs.OpenAsync(blob.Node.Descriptor, cancellationToken).ConfigureAwait(false);
        try
        {
            return (content, await ReadAsync(content, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            await content.DisposeAsync().ConfigureAwait(false);
            throw e is CtrException { IsConnectionFault: false } fault ? SaveFaults.Damaged(blob.Image, blob.Node, fault) : e;
        }
    }

    private static async Task<Chunk?> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        int read = 0;
        try
        {
            read = await content.ReadAtLeastAsync(buffer.AsMemory(0, ChunkSize), ChunkSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return read == 0 ? null : new Chunk(buffer, read);
        }
        finally
        {
            if (read == 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Bytes in a buffer that goes back when it is disposed.</summary>
    internal sealed class Chunk(byte[] buffer, int length) : IDisposable
    {
        public int Length => length;

        public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

        public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
    }
}
