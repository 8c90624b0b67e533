using CtrPS.Client.Formats;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Containers.Files;

/// <summary>
/// The content of a file as long as it was when it was opened: one that grows faster than it is copied has an end. What the kernel gives without a
/// length is read to its end.
/// </summary>
internal sealed class BoundedContent(SafeFileHandle file, long length) : ForwardStream
{
    private long _offset;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int wanted = length == 0 ? buffer.Length : (int)Math.Min(buffer.Length, length - _offset);
        int read = wanted == 0
            ? 0
            : await RandomAccess.ReadAsync(file, buffer[..wanted], _offset, cancellationToken).ConfigureAwait(false);
        _offset += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
