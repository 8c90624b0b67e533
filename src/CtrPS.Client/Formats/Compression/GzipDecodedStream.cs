using System.IO.Compression;
using System.Security.Cryptography;

namespace CtrPS.Client.Formats.Compression;

/// <summary>
/// What a gzip stream holds, by the framework, which takes the end of the data for the end of the content wherever it comes. To tell a cut, the data
/// is followed by one more member with a secret in it: only after a whole member does the secret come out again. Owns the stream.
/// </summary>
internal sealed class GzipDecodedStream : ForwardStream
{
    private const int SecretLength = 16;

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(SecretLength);
    private readonly byte[] _held = new byte[SecretLength];
    private readonly byte[] _scratch = new byte[4 * SecretLength];
    private readonly FollowedStream _source;
    private readonly GZipStream _content;
    private int _heldLength;
    private int _scratchStart;
    private int _scratchEnd;
    private bool _ended;

    public GzipDecodedStream(Stream compressed)
    {
        using var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.NoCompression, leaveOpen: true))
        {
            gzip.Write(_secret);
        }

        _source = new FollowedStream(compressed, member.ToArray());
        _content = new GZipStream(_source, CompressionMode.Decompress);
    }

    /// <exception cref="EndOfStreamException">The stream ends within a member.</exception>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (buffer.Length > 2 * SecretLength && _scratchStart == _scratchEnd)
        {
            return await FillAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        if (_scratchStart == _scratchEnd)
        {
            _scratchStart = 0;
            _scratchEnd = await FillAsync(_scratch, cancellationToken).ConfigureAwait(false);
        }

        int length = Math.Min(buffer.Length, _scratchEnd - _scratchStart);
        _scratch.AsMemory(_scratchStart, length).CopyTo(buffer);
        _scratchStart += length;
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Gives what was held back and what is new, and holds back as many bytes of it as the secret has.</summary>
    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!_ended)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read;
            try
            {
                read = await _content.ReadAsync(buffer[_heldLength..], cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidDataException e) when (_source.FollowerGiven)
            {
                throw new EndOfStreamException("the end of the data is missing.", e);
            }

            if (read == 0)
            {
                return End(buffer.Span);
            }

            _held.AsSpan(0, _heldLength).CopyTo(buffer.Span);
            int total = _heldLength + read;
            _heldLength = Math.Min(total, SecretLength);
            buffer.Span[(total - _heldLength)..total].CopyTo(_held);
            if (total > _heldLength)
            {
                return total - _heldLength;
            }
        }

        return 0;
    }

    private int End(Span<byte> buffer)
    {
        _ended = true;
        if (_source.FollowerGiven)
        {
            return _held.AsSpan(0, _heldLength).SequenceEqual(_secret) ? 0 : throw new EndOfStreamException("the end of the data is missing.");
        }

        // Something else stands behind the last member, zeros mostly, and was not taken for another one.
        _held.AsSpan(0, _heldLength).CopyTo(buffer);
        return _heldLength;
    }

    /// <summary>A stream with more bytes after its end.</summary>
    private sealed class FollowedStream(Stream stream, byte[] follower) : ForwardStream
    {
        private int _given;

        public bool FollowerGiven => _given > 0;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = FollowerGiven ? 0 : await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0 || buffer.IsEmpty)
            {
                return read;
            }

            int length = Math.Min(buffer.Length, follower.Length - _given);
            follower.AsMemory(_given, length).CopyTo(buffer);
            _given += length;
            return length;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
