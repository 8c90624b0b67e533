namespace CtrPS.Client.Formats.Compression;

/// <summary>Undoes one compression, piece by piece.</summary>
internal abstract class Decoder : IDisposable
{
    /// <summary>Decodes from one buffer to the other as far as both allow.</summary>
    /// <param name="input">Compressed bytes.</param>
    /// <param name="output">Room for what they hold.</param>
    /// <param name="last">Nothing follows the input.</param>
    /// <returns>How much was taken and given, and whether a member (a frame, a stream) ended there.</returns>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public abstract (int Consumed, int Produced, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last);

    /// <summary>Begins the next member: files of several written one after another are one file.</summary>
    public abstract void Restart();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
