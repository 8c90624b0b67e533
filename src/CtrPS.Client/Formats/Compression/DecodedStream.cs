namespace CtrPS.Client.Formats.Compression;

/// <summary>What a compressed stream holds. Owns the stream and the decoder.</summary>
internal sealed class DecodedStream(Stream compressed, Decoder decoder) : ForwardStream
{
    private readonly byte[] _input = new byte[1 << 17];
    private int _start;
    private int _end;
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

            (int consumed, int produced, bool ended) = decoder.Decode(_input.AsSpan(_start, _end - _start), buffer.Span, _last);
            _start += consumed;
            _between = ended;
            if (ended)
            {
                decoder.Restart();
            }

            if (produced > 0)
            {
                return produced;
            }

            if (!ended && consumed == 0)
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
