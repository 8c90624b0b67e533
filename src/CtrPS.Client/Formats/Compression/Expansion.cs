namespace CtrPS.Client.Formats.Compression;

/// <summary>How far compressed data may expand: a few bytes can stand for any number of them.</summary>
internal static class Expansion
{
    /// <summary>A ratio that no layer of a real image comes near, once there is enough of it to tell.</summary>
    private const long MaxRatio = 250;

    private const long FreeBytes = 1L << 30;

    /// <summary>What is wrong with data that grows beyond reason. Null: nothing.</summary>
    /// <param name="packed">Bytes that were read of it.</param>
    /// <param name="plain">Bytes that came of them.</param>
    public static string? FaultOf(long packed, long plain) => plain > FreeBytes && plain / MaxRatio > packed
        ? $"the first {packed} bytes of it expand to more than {plain}, {MaxRatio} times as many."
        : null;
}
