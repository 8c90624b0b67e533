using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;

namespace CtrPS.Client.Archives;

/// <summary>
/// What a compressed archive holds, from its start on. Tells damage and cuts as errors of the archive, and stops where it grows beyond reason.
/// </summary>
/// <param name="file">The whole file; owned.</param>
/// <param name="path">Its path, for messages.</param>
/// <param name="compression">What it is compressed by.</param>
internal sealed class CompressedTarStream(FileSlice file, string path, CtrCompression compression) : ForwardStream
{
    private readonly Stream _content = Compressors.Decompress(new BufferedStream(file, 1 << 17), compression);
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await _content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException e)
        {
            throw ArchiveFault.Truncated(path, $"its {compression} data ends after {_read} bytes of what it holds: {e.Message}");
        }
        catch (Exception e) when (e is FormatLimitException or InsufficientMemoryException)
        {
            throw ArchiveFault.Limit(path, $"its {compression} data cannot be decoded beyond byte {_read} of what it holds: {e.Message}");
        }
        catch (InvalidDataException e)
        {
            throw ArchiveFault.Corrupt(path, $"its {compression} data cannot be read beyond byte {_read} of what it holds: {e.Message}", e);
        }

        _read += read;
        return Expansion.FaultOf(file.Position, _read) is { } fault ? throw ArchiveFault.Limit(path, fault) : read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
