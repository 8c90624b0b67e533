using System.Security.Cryptography;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archive.Saving;

/// <summary>
/// A blob as the data of a tar entry. Its bytes are hashed as they pass; where they turn out not to be the blob's, the copy ends with an error.
/// TarWriter takes the length for its header from streams that say they can seek (others it copies first), and then copies them once from their
/// start: more than that is not here.
/// </summary>
internal sealed class SavedBlobStream(SavedBlob blob, BlobReadAhead reader, CtrTransferMeter meter) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => blob.Node.Descriptor.Size;

    public override long Position { get; set; }

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Digests.Hash(blob.Node.Descriptor.Digest);
        long written = 0;
        while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is { } chunk)
        {
            try
            {
                written += chunk.Length;
                if (written > Length)
                {
                    throw SaveFaults.Corrupt(blob.Image, blob.Node, "", written);
                }

                // Hashing is the slowest part of all: it goes on while the same bytes are written.
                Task hashed = Task.Run(() => hash.AppendData(chunk.Bytes.Span), CancellationToken.None);
                try
                {
                    await destination.WriteAsync(chunk.Bytes, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    await hashed.ConfigureAwait(false);
                }
            }
            finally
            {
                chunk.Dispose();
            }

            meter.AddDone(chunk.Length);
        }

        string actual = Digests.Of(hash, blob.Node.Descriptor.Digest);
        if (written != Length || actual != blob.Node.Descriptor.Digest)
        {
            throw SaveFaults.Corrupt(blob.Image, blob.Node, actual, written);
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
