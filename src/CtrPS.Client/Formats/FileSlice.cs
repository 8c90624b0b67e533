using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Formats;

/// <summary>A part of a file, read at its own position: any number of them work on one handle at a time.</summary>
/// <param name="handle">The open file.</param>
/// <param name="fault">Words the errors of reading.</param>
/// <param name="start">Where the part begins.</param>
/// <param name="length">Bytes.</param>
/// <param name="owned">Close the file with the stream.</param>
internal sealed class FileSlice(SafeFileHandle handle, FormatFault fault, long start, long length, bool owned = false) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        buffer = buffer[..Within(buffer.Length)];
        try
        {
            return buffer.IsEmpty ? 0 : Advance(RandomAccess.Read(handle, buffer, start + _position));
        }
        catch (IOException e)
        {
            throw fault(FormatFaultKind.Unreadable, e.Message, e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        buffer = buffer[..Within(buffer.Length)];
        try
        {
            return buffer.IsEmpty
                ? 0
                : Advance(await RandomAccess.ReadAsync(handle, buffer, start + _position, cancellationToken).ConfigureAwait(false));
        }
        catch (IOException e)
        {
            throw fault(FormatFaultKind.Unreadable, e.Message, e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _position,
        _ => length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && owned)
        {
            handle.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Within(int wanted) => (int)Math.Clamp(length - _position, 0, wanted);

    private int Advance(int read)
    {
        if (read == 0)
        {
            throw fault(
                FormatFaultKind.Truncated,
                $"it was {start + length} bytes long at least when it was opened, and now ends at byte {start + _position}.");
        }

        _position += read;
        return read;
    }
}
