using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace CtrPS.Client.Oci;

/// <summary>Makes the error of a blob that cannot be moved.</summary>
internal delegate CtrException RefuseBlob(MovedBlob blob, CtrBlobFault fault, CtrException? cause);

/// <summary>
/// Reads blobs one after the other, ahead of the one who takes their bytes: the next blobs are opened while one is read. There is room for so many
/// chunks at a time, wherever they are: memory does not grow with the size of the blobs.
/// </summary>
internal sealed class BlobReadAhead : IAsyncDisposable
{
    /// <summary>Blobs that are open at the same time.</summary>
    private const int OpenBlobs = 4;

    /// <summary>
    /// One of them may be large: a daemon that is far away, or a client that is slow, makes .NET widen the window of each HTTP/2 stream up to 16 MiB,
    /// which the daemon fills, read or not. Opening the next only when this one is through costs a way there and back for each large blob.
    /// </summary>
    private const int LargeBlobs = 1;

    private const long Large = 4 << 20;

    /// <summary>Chunks that wait, are written or are hashed: enough for one layer to be hashed while the next is written.</summary>
    private const int Room = 16;

    private const int ChunkSize = 1 << 20;

    private readonly Channel<Chunk?> _queue =
        Channel.CreateUnbounded<Chunk?>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly SemaphoreSlim _room = new(Room);
    private readonly SemaphoreSlim _large = new(LargeBlobs);
    private readonly RefuseBlob _refuse;
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    public BlobReadAhead(IReadOnlyCollection<MovedBlob> blobs, RefuseBlob refuse, CancellationToken cancellationToken)
    {
        _refuse = refuse;
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
            chunk?.Release();
            chunk?.Release();
        }

        _stop.Dispose();
    }

    /// <summary>Never throws: what goes wrong is thrown to who takes the bytes.</summary>
    private async Task ReadAllAsync(IReadOnlyCollection<MovedBlob> blobs, CancellationToken cancellationToken)
    {
        try
        {
            await foreach ((MovedBlob blob, Stream content, Chunk? first) in
                OrderedParallel.SelectAsync(blobs, OpenBlobs, OpenAsync, cancellationToken).ConfigureAwait(false))
            {
                await using (content.ConfigureAwait(false))
                {
                    for (Chunk? chunk = first; chunk is not null; chunk = await ReadAsync(blob, content, cancellationToken).ConfigureAwait(false))
                    {
                        await _queue.Writer.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
                    }
                }

                if (IsLarge(blob))
                {
                    _ = _large.Release();
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

    private static bool IsLarge(MovedBlob blob) => blob.Node.Descriptor.Size >= Large;

    private async Task<(MovedBlob Blob, Stream Content, Chunk? First)> OpenAsync(MovedBlob blob, CancellationToken cancellationToken)
    {
        if (IsLarge(blob))
        {
            await _large.WaitAsync(cancellationToken).ConfigureAwait(false); // in the order in which they are read
        }

        Stream content = await blob.Source.OpenAsync(blob.Node.Descriptor, 0, cancellationToken).ConfigureAwait(false);
        try
        {
            return (blob, content, await ReadAsync(blob, content, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await content.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<Chunk?> ReadAsync(MovedBlob blob, Stream content, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        var chunk = new Chunk(ArrayPool<byte>.Shared.Rent(ChunkSize), _room);
        try
        {
            chunk.Length =
                await content.ReadAtLeastAsync(chunk.Buffer, ChunkSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            throw _refuse(blob, BlobFaults.Damaged(blob.Node, blob.Manifest, blob.Source, e), e);
        }
        finally
        {
            if (chunk.Length == 0)
            {
                chunk.Release();
                chunk.Release();
            }
        }

        return chunk.Length == 0 ? null : chunk;
    }

    /// <summary>Bytes in a buffer that goes back when both who write them and who hash them are done.</summary>
    internal sealed class Chunk(byte[] buffer, SemaphoreSlim room)
    {
        private int _users = 2;

        public int Length { get; set; }

        public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, Length);

        public Memory<byte> Buffer => buffer.AsMemory(0, ChunkSize);

        /// <summary>To be called once by each of the two.</summary>
        public void Release()
        {
            if (Interlocked.Decrement(ref _users) == 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                _ = room.Release();
            }
        }
    }
}
