using System.Runtime.InteropServices;

namespace CtrPS.Client.Posix;

/// <summary>The functions of libzstd that are used here (zstd.h, stable since 1.4.0).</summary>
internal static unsafe partial class Libzstd
{
    /// <summary>A buffer that the library works on, and how far it is.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Bytes;
        public nuint Size;
        public nuint Position;
    }

    public const int CompressionLevel = 100;
    public const int ChecksumFlag = 201;
    public const int Workers = 400;

    public const int Continue = 0;
    public const int Flush = 1;
    public const int End = 2;

    /// <summary>The library's number for a frame that needs a larger window than it allows (zstd_errors.h).</summary>
    private const int WindowTooLarge = 16;

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_createDStream")]
    public static partial nint CreateDecoder();

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_freeDStream")]
    public static partial nuint FreeDecoder(nint decoder);

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint Decompress(nint decoder, Buffer* output, Buffer* input);

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_createCCtx")]
    public static partial nint CreateEncoder();

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeEncoder(nint encoder);

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetParameter(nint encoder, int parameter, int value);

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_compressStream2")]
    public static partial nuint Compress(nint encoder, Buffer* output, Buffer* input, int endOperation);

    /// <summary>Whether an outcome says that the frame needs more memory than the library gives it: errors are negative numbers.</summary>
    public static bool IsWindowTooLarge(nuint outcome) => (nint)outcome == -WindowTooLarge;

    /// <summary>What the library says of an outcome. Null where it is no error.</summary>
    public static string? ErrorOf(nuint outcome) => IsError(outcome) == 0 ? null : Marshal.PtrToStringUTF8(ErrorName(outcome));

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint outcome);

    [LibraryImport(SystemLibrary.Zstd, EntryPoint = "ZSTD_getErrorName")]
    private static partial nint ErrorName(nuint outcome);
}
