using System.Runtime.InteropServices;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>xz by liblzma.</summary>
internal sealed unsafe class XzDecoder : Decoder
{
    /// <summary>Twice what the highest preset needs for decoding.</summary>
    private const ulong MaxMemory = 128 << 20;

    private Liblzma.Stream* _stream;

    public XzDecoder()
    {
        SystemLibrary.Require(SystemLibrary.Lzma);
        _stream = (Liblzma.Stream*)NativeMemory.AllocZeroed((nuint)sizeof(Liblzma.Stream));
        Restart();
    }

    ~XzDecoder() => Dispose(false);

    public override (int Consumed, int Produced, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        fixed (byte* inputBytes = input, outputBytes = output)
        {
            _stream->NextIn = inputBytes;
            _stream->AvailableIn = (nuint)input.Length;
            _stream->NextOut = outputBytes;
            _stream->AvailableOut = (nuint)output.Length;
            int outcome = Liblzma.Code(_stream, last ? Liblzma.Finish : Liblzma.Run);
            int consumed = input.Length - (int)_stream->AvailableIn;
            int produced = output.Length - (int)_stream->AvailableOut;
            return outcome switch
            {
                Liblzma.Ok or Liblzma.BufferError => (consumed, produced, false),
                Liblzma.StreamEnd => (consumed, produced, true),
                Liblzma.MemoryLimit => throw new FormatLimitException($"it needs more than {MaxMemory >> 20} MiB of memory to decode."),
                Liblzma.MemoryError => throw new InsufficientMemoryException(),
                _ => throw new InvalidDataException($"liblzma calls it damaged (code {outcome})."),
            };
        }
    }

    public override void Restart()
    {
        int outcome = Liblzma.Initialize(_stream, MaxMemory, Liblzma.Concatenated);
        if (outcome != Liblzma.Ok)
        {
            throw new InvalidOperationException($"liblzma cannot be started (code {outcome}).");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_stream is not null)
        {
            Liblzma.End(_stream);
            NativeMemory.Free(_stream);
            _stream = null;
        }
    }
}
