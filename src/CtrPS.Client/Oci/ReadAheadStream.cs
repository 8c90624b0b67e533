using System.Security.Cryptography;

namespace CtrPS.Client.Oci;

/// <summary>
/// A blob that is read ahead, for a sink that copies it once from its start: more than that is not here. Its bytes are hashed as they pass.
/// It says that it can seek because TarWriter takes the length for its header from such streams only (others it copies first).
/// </summary>
internal sealed class ReadAheadStream(MovedBlob blob, BlobReadAhead reader, RefuseBlob refuse, CtrTransferMeter meter) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => blob.Node.Descriptor.Size;

    public override long Position { get; set; }

    /// <summary>
    /// Proves the bytes that were copied. Hashing takes several times as long as writing: it goes on while this blob and the next ones are written.
    /// </summary>
    public Task Proof { get; private set; } = Task.CompletedTask;

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        IncrementalHash hash = Digests.Hash(blob.Node.Descriptor.Digest);
        Task hashed = Task.CompletedTask;
        long written = 0;
        try
        {
            while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is { } chunk)
            {
                hashed = HashAsync(hashed, hash, chunk);
                try
                {
                    written += chunk.Length;
                    if (written > Length)
                    {
                        break;
                    }

                    await destination.WriteAsync(chunk.Bytes, cancellationToken).ConfigureAwait(false);
                    meter.AddDone(chunk.Length);
                }
                finally
                {
                    chunk.Release();
                }
            }
        }
        finally
        {
            Proof = ProveAsync(hashed, hash, written);
        }

        if (written != Length)
        {
            await Proof.ConfigureAwait(false);
        }
    }

    private static async Task HashAsync(Task before, IncrementalHash hash, BlobReadAhead.Chunk chunk)
    {
        await Task.Yield();
        await before.ConfigureAwait(false);
        hash.AppendData(chunk.Bytes.Span);
        chunk.Release();
    }

    private async Task ProveAsync(Task hashed, IncrementalHash hash, long written)
    {
        await hashed.ConfigureAwait(false);
        string actual = Digests.Of(hash, blob.Node.Descriptor.Digest);
        hash.Dispose();
        if (written != Length || actual != blob.Node.Descriptor.Digest)
        {
            throw refuse(blob, BlobFaults.WrongBytes(blob.Node, blob.Manifest, blob.Source, actual, written), null);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
