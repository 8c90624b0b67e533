using System.Runtime.InteropServices;

namespace CtrPS.Client.Posix;

/// <summary>The functions of liblzma that are used here (lzma/base.h, lzma/container.h; the structure is part of its ABI since 5.0).</summary>
internal static unsafe partial class Liblzma
{
    /// <summary>Streams one after another, with zeros between them, are one file.</summary>
    public const uint Concatenated = 8;

    public const int Run = 0;
    public const int Finish = 3;

    public const int Ok = 0;
    public const int StreamEnd = 1;
    public const int MemoryError = 5;
    public const int MemoryLimit = 6;
    public const int BufferError = 10;

    [LibraryImport(SystemLibrary.Lzma, EntryPoint = "lzma_stream_decoder")]
    public static partial int Initialize(Stream* stream, ulong memoryLimit, uint flags);

    [LibraryImport(SystemLibrary.Lzma, EntryPoint = "lzma_code")]
    public static partial int Code(Stream* stream, int action);

    [LibraryImport(SystemLibrary.Lzma, EntryPoint = "lzma_end")]
    public static partial void End(Stream* stream);

    /// <summary>lzma_stream; what it reserves stays zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Stream
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
