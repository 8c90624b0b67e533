using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>zstd by libzstd. Frames that need a window of more than 128 MiB are refused, as by the program without --long.</summary>
internal sealed unsafe class ZstdDecoder : Decoder
{
    private nint _decoder;

    public ZstdDecoder()
    {
        SystemLibrary.Require(SystemLibrary.Zstd);
        _decoder = Libzstd.CreateDecoder();
        if (_decoder == 0)
        {
            throw new InsufficientMemoryException();
        }
    }

    ~ZstdDecoder() => Dispose(false);

    public override (int Consumed, int Produced, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last)
    {
        ObjectDisposedException.ThrowIf(_decoder == 0, this);
        fixed (byte* inputBytes = input, outputBytes = output)
        {
            var from = new Libzstd.Buffer { Bytes = inputBytes, Size = (nuint)input.Length };
            var to = new Libzstd.Buffer { Bytes = outputBytes, Size = (nuint)output.Length };
            nuint outcome = Libzstd.Decompress(_decoder, &to, &from);
            if (Libzstd.IsWindowTooLarge(outcome))
            {
                throw new FormatLimitException("it needs more than 128 MiB of memory to decode.");
            }

            return Libzstd.ErrorOf(outcome) is { } error
                ? throw new InvalidDataException($"{error}.")
                : ((int)from.Position, (int)to.Position, outcome == 0);
        }
    }

    /// <summary>Nothing to do: the library goes on with the next frame.</summary>
    public override void Restart()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (_decoder != 0)
        {
            _ = Libzstd.FreeDecoder(_decoder);
            _decoder = 0;
        }
    }
}
