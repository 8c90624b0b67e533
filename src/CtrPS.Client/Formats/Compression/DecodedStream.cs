namespace CtrPS.Client.Formats.Compression;

/// <summary>What a compressed stream holds. Owns the stream and the decoder.</summary>
/// <param name="compressed">The stream.</param>
/// <param name="decoder">The decoder.</param>
/// <param name="ended">Hears where members end: bytes of the stream and of its content before that. Null: nobody does.</param>
internal sealed class DecodedStream(Stream compressed, Decoder decoder, Action<long, long>? ended = null) : ForwardStream
{
    private readonly byte[] _input = new byte[1 << 17];
    private int _start;
    private int _end;
    private long _packed;
    private long _plain;
    private bool _last;
    private bool _between = true;

    /// <exception cref="EndOfStreamException">The stream ends within a member.</exception>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    /// <exception cref="FormatLimitException">They need more memory than the decoder gives.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            // Members without content can follow one another for long without a byte to give.
            cancellationToken.ThrowIfCancellationRequested();
            if (_start == _end && !_last)
            {
                _start = 0;
                _end = await compressed.ReadAsync(_input, cancellationToken).ConfigureAwait(false);
                _last = _end == 0;
            }

            if (_between && _start == _end)
            {
                return 0;
            }

            (int consumed, int produced, bool isEnd) = decoder.Decode(_input.AsSpan(_start, _end - _start), buffer.Span, _last);
            _start += consumed;
            _packed += consumed;
            _plain += produced;
            _between = isEnd;
            if (isEnd)
            {
                ended?.Invoke(_packed, _plain);
                decoder.Restart();
            }

            if (produced > 0)
            {
                return produced;
            }

            if (!isEnd && consumed == 0)
            {
                throw _last
                    ? new EndOfStreamException("the end of the data is missing.")
                    : new InvalidDataException("the decoder does not get on with it.");
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decoder.Dispose();
            compressed.Dispose();
        }

        base.Dispose(disposing);
    }
}
