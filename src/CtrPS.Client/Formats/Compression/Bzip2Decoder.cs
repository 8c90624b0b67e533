using System.Runtime.InteropServices;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>bzip2 by libbz2 (bzlib.h, unchanged since 1.0).</summary>
internal sealed unsafe partial class Bzip2Decoder : Decoder
{
    private const int Ok = 0;
    private const int StreamEnd = 4;
    private const int MemoryError = -3;

    private BzStream* _stream;
    private bool _started;

    public Bzip2Decoder()
    {
        SystemLibrary.Require(SystemLibrary.Bzip2);
        _stream = (BzStream*)NativeMemory.AllocZeroed((nuint)sizeof(BzStream));
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
            int outcome = Decompress(_stream);
            int consumed = input.Length - (int)_stream->AvailableIn;
            int produced = output.Length - (int)_stream->AvailableOut;
            return outcome switch
            {
                Ok => (consumed, produced, false),
                StreamEnd => (consumed, produced, true),
                MemoryError => throw new InsufficientMemoryException(),
                _ => throw new InvalidDataException($"libbz2 calls it damaged (code {outcome})."),
            };
        }
    }

    public override void Restart()
    {
        Stop();
        int outcome = Initialize(_stream, 0, 0);
        _started = outcome == Ok;
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
            _ = End(_stream);
            _started = false;
        }
    }

    [LibraryImport(SystemLibrary.Bzip2, EntryPoint = "BZ2_bzDecompressInit")]
    private static partial int Initialize(BzStream* stream, int verbosity, int small);

    [LibraryImport(SystemLibrary.Bzip2, EntryPoint = "BZ2_bzDecompress")]
    private static partial int Decompress(BzStream* stream);

    [LibraryImport(SystemLibrary.Bzip2, EntryPoint = "BZ2_bzDecompressEnd")]
    private static partial int End(BzStream* stream);

    /// <summary>bz_stream.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct BzStream
    {
        public byte* NextIn;
        public uint AvailableIn;
        public uint TotalInLow;
        public uint TotalInHigh;
        public byte* NextOut;
        public uint AvailableOut;
        public uint TotalOutLow;
        public uint TotalOutHigh;
        public nint State;
        public nint Allocate;
        public nint Free;
        public nint Opaque;
    }
}
