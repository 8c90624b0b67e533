using System.Runtime.InteropServices;

namespace CtrPS.Client.Posix;

/// <summary>The functions of zlib that are used here (zlib.h; inflateGetDictionary since 1.2.8).</summary>
internal static unsafe partial class Libz
{
    /// <summary>As far back as deflated data may point.</summary>
    public const int WindowSize = 1 << 15;

    /// <summary>For Initialize: the stream is gzip's, with header and checksum.</summary>
    public const int Gzip = 15 + 16;

    /// <summary>For Initialize: the stream is deflated data alone.</summary>
    public const int Raw = -15;

    /// <summary>For <see cref="Inflate"/>: stop where a block of the deflated data ends.</summary>
    public const int Block = 5;

    public const int Ok = 0;
    public const int StreamEnd = 1;
    public const int MemoryError = -4;
    public const int BufferError = -5;

    /// <summary>Of <see cref="Stream.DataType"/>: bits of the last byte that are not used yet.</summary>
    public const int UnusedBits = 7;

    /// <summary>Of <see cref="Stream.DataType"/>: the last block is being decoded.</summary>
    public const int LastBlock = 64;

    /// <summary>Of <see cref="Stream.DataType"/>: a block, or the header, has just ended.</summary>
    public const int AtBlock = 128;

    /// <summary>The library compares the first digit alone.</summary>
    private const string Version = "1";

    public static int Initialize(Stream* stream, int window) => Initialize(stream, window, Version, sizeof(Stream));

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflateInit2_", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Initialize(Stream* stream, int window, string version, int size);

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflate")]
    public static partial int Inflate(Stream* stream, int flush);

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflateReset2")]
    public static partial int Reset(Stream* stream, int window);

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflatePrime")]
    public static partial int Prime(Stream* stream, int bits, int value);

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflateSetDictionary")]
    public static partial int SetDictionary(Stream* stream, byte* dictionary, uint length);

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflateGetDictionary")]
    public static partial int GetDictionary(Stream* stream, byte* dictionary, uint* length);

    [LibraryImport(SystemLibrary.Zlib, EntryPoint = "inflateEnd")]
    public static partial int End(Stream* stream);

    /// <summary>z_stream; the library's long is as wide as the system's C has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Stream
    {
        public byte* NextIn;
        public uint AvailableIn;
        public CULong TotalIn;
        public byte* NextOut;
        public uint AvailableOut;
        public CULong TotalOut;
        public nint Message;
        public nint State;
        public nint Allocate;
        public nint Free;
        public nint Opaque;
        public int DataType;
        public CULong Checksum;
        public CULong Reserved;
    }
}
