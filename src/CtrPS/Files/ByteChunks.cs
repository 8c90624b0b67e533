using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace CtrPS.Files;

/// <summary>Turns what is written to a stream into arrays for the pipeline, a few ahead of the one who takes them.</summary>
internal static class ByteChunks
{
    private const int ChunkSize = 1 << 20;
    private const int Ahead = 4;

    /// <summary>Runs the writer and yields what it writes. Leaving early ends the writer.</summary>
    public static async IAsyncEnumerable<byte[]> ReadAsync(
        Func<Stream, CancellationToken, Task> write, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var queue = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        Task writing = Task.Run(() => WriteAsync(write, queue.Writer, stop.Token), CancellationToken.None);
        try
        {
            while (await queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (queue.Reader.TryRead(out byte[]? chunk))
                {
                    yield return chunk;
                }
            }

            await writing.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);

            // What it ended with was thrown above, or is of no interest any more.
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WriteAsync(
        Func<Stream, CancellationToken, Task> write, ChannelWriter<byte[]> queue, CancellationToken cancellationToken)
    {
        try
        {
            using var output = new ChunkStream(queue, cancellationToken);
            await write(output, cancellationToken).ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Without the error: the reader awaits this task for it.
            queue.Complete();
        }
    }

    private sealed class ChunkStream(ChannelWriter<byte[]> queue, CancellationToken stop) : WriteOnlyStream
    {
        private byte[] _chunk = new byte[ChunkSize];
        private int _used;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
            {
                int count = Math.Min(buffer.Length, ChunkSize - _used);
                buffer[..count].CopyTo(_chunk.AsMemory(_used));
                buffer = buffer[count..];
                _used += count;
                if (_used == ChunkSize)
                {
                    await FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count) =>
            WriteAsync(buffer.AsMemory(offset, count), stop).AsTask().GetAwaiter().GetResult();

        /// <summary>Nothing: a compressor flushes now and then, and small chunks make a slow pipeline.</summary>
        public override void Flush()
        {
        }

        /// <summary>Passes what is gathered on.</summary>
        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            if (_used > 0)
            {
                await queue.WriteAsync(_used == ChunkSize ? _chunk : _chunk[.._used], cancellationToken).ConfigureAwait(false);
                _chunk = new byte[ChunkSize];
                _used = 0;
            }
        }
    }
}
