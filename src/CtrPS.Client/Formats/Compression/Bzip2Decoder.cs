using System.Runtime.InteropServices;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>bzip2 by libbz2.</summary>
internal sealed unsafe class Bzip2Decoder : Decoder
{
    private Libbz2.Stream* _stream;
    private bool _started;

    public Bzip2Decoder()
    {
        SystemLibrary.Require(SystemLibrary.Bzip2);
        _stream = (Libbz2.Stream*)NativeMemory.AllocZeroed((nuint)sizeof(Libbz2.Stream));
        Restart();
    }

    ~Bzip2Decoder() => Dispose(false);

    public override (int Consumed, int Produced, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        fixed (byte* inputBytes = input, outputBytes = output)
        {
            _stream->NextIn = inputBytes;
            _stream->AvailableIn = (uint)input.Length;
            _stream->NextOut = outputBytes;
            _stream->AvailableOut = (uint)output.Length;
            int outcome = Libbz2.Decompress(_stream);
            int consumed = input.Length - (int)_stream->AvailableIn;
            int produced = output.Length - (int)_stream->AvailableOut;
            return outcome switch
            {
                Libbz2.Ok => (consumed, produced, false),
                Libbz2.StreamEnd => (consumed, produced, true),
                Libbz2.MemoryError => throw new InsufficientMemoryException(),
                _ => throw new InvalidDataException($"libbz2 calls it damaged (code {outcome})."),
            };
        }
    }

    public override void Restart()
    {
        Stop();
        int outcome = Libbz2.Initialize(_stream, 0, 0);
        _started = outcome == Libbz2.Ok;
        if (!_started)
        {
            throw new InvalidOperationException($"libbz2 cannot be started (code {outcome}).");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_stream is not null)
        {
            Stop();
            NativeMemory.Free(_stream);
            _stream = null;
        }
    }

    private void Stop()
    {
        if (_started)
        {
            _ = Libbz2.End(_stream);
            _started = false;
        }
    }
}
