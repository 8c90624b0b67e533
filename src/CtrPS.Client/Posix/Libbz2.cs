using System.Runtime.InteropServices;

namespace CtrPS.Client.Posix;

/// <summary>The functions of libbz2 that are used here (bzlib.h, unchanged since 1.0).</summary>
internal static unsafe partial class Libbz2
{
    public const int Ok = 0;
    public const int StreamEnd = 4;
    public const int MemoryError = -3;

    [LibraryImport(SystemLibrary.Bzip2, EntryPoint = "BZ2_bzDecompressInit")]
    public static partial int Initialize(Stream* stream, int verbosity, int small);

    [LibraryImport(SystemLibrary.Bzip2, EntryPoint = "BZ2_bzDecompress")]
    public static partial int Decompress(Stream* stream);

    [LibraryImport(SystemLibrary.Bzip2, EntryPoint = "BZ2_bzDecompressEnd")]
    public static partial int End(Stream* stream);

    /// <summary>bz_stream.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Stream
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
