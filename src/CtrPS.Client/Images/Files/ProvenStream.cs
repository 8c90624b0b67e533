using System.Security.Cryptography;
using System.Threading.Channels;
using CtrPS.Client.Formats;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images.Files;

/// <summary>
/// A blob that is read and hashed ahead of the one who takes its bytes, on a thread of its own: inflating takes as long. Owns the stream.
/// </summary>
internal sealed class ProvenStream : ForwardStream
{
    private const int ChunkSize = 1 << 16; // larger ones would be collected with the oldest objects alone
    private const int Ahead = 32;

    private readonly Channel<ReadOnlyMemory<byte>> _chunks = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _stop;
    private readonly Stream _blob;
    private readonly string _digest;
    private readonly Task<string> _reading;
    private ReadOnlyMemory<byte> _rest;

    public ProvenStream(Stream blob, string digest, CancellationToken cancellationToken)
    {
        _blob = blob;
        _digest = digest;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _reading = Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);
    }

    /// <summary>Bytes that were taken.</summary>
    public override long Position { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty && !await NextAsync(cancellationToken).ConfigureAwait(false))
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        Position += count;
        return count;
    }

    /// <summary>Reads what is left, and gives the digest and the bytes of all.</summary>
    public async Task<(string Digest, long Size)> FinishAsync(CancellationToken cancellationToken)
    {
        Position += _rest.Length;
        while (await NextAsync(cancellationToken).ConfigureAwait(false))
        {
            Position += _rest.Length;
        }

        return (await _reading.ConfigureAwait(false), Position);
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _blob.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> NextAsync(CancellationToken cancellationToken)
    {
        if (await _chunks.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) && _chunks.Reader.TryRead(out _rest))
        {
            return true;
        }

        _rest = default;
        _ = await _reading.ConfigureAwait(false); // whatever it failed with
        return false;
    }

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            using IncrementalHash hash = Digests.Hash(_digest);
            while (true)
            {
                byte[] chunk = GC.AllocateUninitializedArray<byte>(ChunkSize);
                int read = await _blob.ReadAsync(chunk, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return Digests.Of(hash, _digest);
                }

                hash.AppendData(chunk.AsSpan(0, read));
                await _chunks.Writer.WriteAsync(chunk.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _chunks.Writer.Complete();
        }
    }
}
