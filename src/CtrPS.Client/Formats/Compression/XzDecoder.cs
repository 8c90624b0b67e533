using System.Runtime.InteropServices;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>xz by liblzma (lzma/base.h, lzma/container.h; the structure is part of its ABI since 5.0).</summary>
internal sealed unsafe partial class XzDecoder : Decoder
{
    /// <summary>Four times what the highest preset needs for decoding.</summary>
    private const ulong MaxMemory = 256 << 20;

    /// <summary>Streams one after another, with zeros between them, are one file.</summary>
    private const uint Concatenated = 8;

    private const int Run = 0;
    private const int Finish = 3;

    private const int Ok = 0;
    private const int StreamEnd = 1;
    private const int MemoryError = 5;
    private const int MemoryLimit = 6;
    private const int BufferError = 10;

    private LzmaStream* _stream;

    public XzDecoder()
    {
        SystemLibrary.Require(SystemLibrary.Lzma);
        _stream = (LzmaStream*)NativeMemory.AllocZeroed((nuint)sizeof(LzmaStream));
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
            int outcome = Code(_stream, last ? Finish : Run);
            int consumed = input.Length - (int)_stream->AvailableIn;
            int produced = output.Length - (int)_stream->AvailableOut;
            return outcome switch
            {
                Ok or BufferError => (consumed, produced, false),
                StreamEnd => (consumed, produced, true),
                MemoryLimit => throw new InvalidDataException($"it needs more than {MaxMemory >> 20} MiB of memory to decode."),
                MemoryError => throw new InsufficientMemoryException(),
                _ => throw new InvalidDataException($"liblzma calls it damaged (code {outcome})."),
            };
        }
    }

    public override void Restart()
    {
        int outcome = Initialize(_stream, MaxMemory, Concatenated);
        if (outcome != Ok)
        {
            throw new InvalidOperationException($"liblzma cannot be started (code {outcome}).");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_stream is not null)
        {
            End(_stream);
            NativeMemory.Free(_stream);
            _stream = null;
        }
    }

    [LibraryImport(SystemLibrary.Lzma, EntryPoint = "lzma_stream_decoder")]
    private static partial int Initialize(LzmaStream* stream, ulong memoryLimit, uint flags);

    [LibraryImport(SystemLibrary.Lzma, EntryPoint = "lzma_code")]
    private static partial int Code(LzmaStream* stream, int action);

    [LibraryImport(SystemLibrary.Lzma, EntryPoint = "lzma_end")]
    private static partial void End(LzmaStream* stream);

    /// <summary>lzma_stream; what it reserves stays zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LzmaStream
    {
        public byte* NextIn;
        public nuint AvailableIn;
        public ulong TotalIn;
        public byte* NextOut;
        public nuint AvailableOut;
        public ulong TotalOut;
        public nint Allocator;
        public nint Internal;
        public nint Reserved1;
        public nint Reserved2;
        public nint Reserved3;
        public nint Reserved4;
        public ulong SeekPosition;
        public ulong Reserved5;
        public nuint Reserved6;
        public nuint Reserved7;
        public int Reserved8;
        public int Reserved9;
    }
}
