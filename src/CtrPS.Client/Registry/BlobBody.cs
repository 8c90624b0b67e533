using System.IO.Compression;
using System.Net;
using CtrPS.Client.Formats;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// What a host sends of a blob, from the wanted byte on, however it answered: with the part that was asked for, or with the whole, of which the
/// beginning is dropped then. Not a byte more than wanted is given.
/// </summary>
internal sealed class BlobBody : ForwardStream
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly Descriptor _blob;
    private readonly Uri _host;
    private readonly long _end;
    private readonly bool _isToTheEnd;
    private long _position;

    private BlobBody(HttpResponseMessage response, Stream body, Descriptor blob, Uri host, long offset, long end, bool isToTheEnd)
    {
        _response = response;
        _body = body;
        _blob = blob;
        _host = host;
        _position = offset;
        _end = end;
        _isToTheEnd = isToTheEnd;
    }

    public override long Length => _end;

    /// <summary>Takes an answer.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="host">Who answers.</param>
    /// <param name="response">The answer; it is disposed with the body.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="end">Behind the last.</param>
    /// <param name="cancellationToken">Ends the reading of what is dropped.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobCorrupt"/>: it is of another size; <see cref="CtrErrorIds.RegistryFailed"/>.
    /// </exception>
    public static async Task<BlobBody> OfAsync(
        Descriptor blob, Uri host, HttpResponseMessage response, long offset, long end, CancellationToken cancellationToken)
    {
        bool isEncoded = response.Content.Headers.ContentEncoding.Any(coding => coding != "identity");
        long? length = isEncoded ? null : response.Content.Headers.ContentLength;
        long start = response.StatusCode != HttpStatusCode.PartialContent ? 0
            : response.Content.Headers.ContentRange is { From: { } from } ? from
            : length == end - offset ? offset // which part it is, is not said
            : 0;
        if (start != offset && start != 0)
        {
            throw RegistryFaults.Broken(
                $"blob '{blob.Digest}'", host, $"it was asked for the bytes from {offset} on, and sends those from {start} on.");
        }

        long expected = (start == 0 && response.StatusCode != HttpStatusCode.PartialContent ? blob.Size : end) - start;
        if (length is { } told && told != expected && !(start == 0 && told == blob.Size))
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The registry at {RegistryFaults.Show(host)} sends {told} bytes of the blob '{blob.Digest}', where its descriptor says {expected}.")
            {
                Target = blob.Digest,
            };
        }

        Stream plain = await PlainAsync(response, cancellationToken).ConfigureAwait(false);
        var body = new BlobBody(response, plain, blob, host, offset, end, isToTheEnd: end == blob.Size && length is null);
        try
        {
            await body.DropAsync(offset - start, cancellationToken).ConfigureAwait(false);
            return body;
        }
        catch
        {
            await body.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A body without the coding that a host or a proxy put on it, although none was asked for: digests are of what is within.</summary>
    /// <exception cref="InvalidDataException">Nobody knows the coding.</exception>
    public static async Task<Stream> PlainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        foreach (string coding in response.Content.Headers.ContentEncoding.Reverse().Where(coding => coding != "identity"))
        {
            body = coding is "gzip" or "x-gzip" ? new GZipStream(body, CompressionMode.Decompress)
                : coding == "deflate" ? new ZLibStream(body, CompressionMode.Decompress)
                : throw new InvalidDataException($"its Content-Encoding '{ForeignText.Show(coding)}' is none that was asked for");
        }

        return body;
    }

    /// <summary>The next bytes; 0 at the end, wanted or not.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == _end)
        {
            // A size that the head did not tell: what comes beyond it shows that it is another blob.
            return _isToTheEnd && await _body.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) > 0
                ? throw new CtrException(
                    CtrErrorIds.BlobCorrupt,
                    CtrStatus.DataLoss,
                    $"The registry at {RegistryFaults.Show(_host)} sends more than the {_blob.Size} bytes that the blob '{_blob.Digest}' has.")
                {
                    Target = _blob.Digest,
                }
                : 0;
        }

        int read = await _body.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _end - _position)], cancellationToken).ConfigureAwait(false);
        _position += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body.Dispose();
            _response.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task DropAsync(long count, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Math.Min(count, 64 << 10)];
        while (count > 0)
        {
            int read = await _body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken).ConfigureAwait(false);
            count -= read > 0 ? read : throw new EndOfStreamException("it ended before the part that was asked for");
        }
    }
}
