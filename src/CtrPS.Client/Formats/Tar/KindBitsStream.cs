using System.Text;

namespace CtrPS.Client.Formats.Tar;

/// <summary>
/// A tar of containerd's differ as docker's own builder and podman write it (moby, pkg/archive): the mode in a header has the bits of the file's
/// kind, too. All else is the same in both. What is no tar passes as it is. Owns the stream.
/// </summary>
internal sealed class KindBitsStream(Stream tar) : ForwardStream
{
    private const int ModeAt = 100;
    private const int ChecksumAt = 148;

    /// <summary>Longer extended headers hold attributes alone: the size of a file comes first in them, as keys are sorted.</summary>
    private const int MaxRecords = 1 << 20;

    private readonly byte[] _header = new byte[TarHeader.BlockSize];
    private int _headerLength;
    private int _headerGiven;

    /// <summary>Bytes that pass before the next header.</summary>
    private long _content;

    /// <summary>The records of an extended header, as far as they came. Null: what passes is none.</summary>
    private MemoryStream? _records;
    private long? _size;
    private bool _passes;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_headerGiven == _headerLength && _content == 0 && !_passes)
        {
            EndRecords();
            _headerLength = await tar.ReadAtLeastAsync(_header, _header.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            _headerGiven = 0;
            Change();
        }

        if (_headerGiven < _headerLength)
        {
            int given = Math.Min(buffer.Length, _headerLength - _headerGiven);
            _header.AsMemory(_headerGiven, given).CopyTo(buffer);
            _headerGiven += given;
            return given;
        }

        int read = await tar.ReadAsync(_passes ? buffer : buffer[..(int)Math.Min(buffer.Length, _content)], cancellationToken).ConfigureAwait(false);
        _content -= _passes ? 0 : read;
        if (_records is not null && _records.Length < MaxRecords)
        {
            _records.Write(buffer.Span[..read]);
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            tar.Dispose();
            _records?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void EndRecords()
    {
        if (_records is { } records)
        {
            _size = PaxRecords.Parse(records.GetBuffer().AsSpan(0, (int)records.Length))?.Size;
            records.Dispose();
            _records = null;
        }
    }

    private void Change()
    {
        Span<byte> block = _header;
        if (_headerLength < TarHeader.BlockSize || !TarHeader.IsSound(block) || TarHeader.Size(block) is not { } size)
        {
            _passes = true; // the end, or no tar
            return;
        }

        char type = TarHeader.Type(block);
        if (type is 'x' or 'g')
        {
            _content = Padded(size);
            _records = type == 'x' ? new MemoryStream() : null;
            return;
        }

        _content = type is '0' or '\0' ? Padded(_size ?? size) : 0;
        _size = null;
        int kind = type switch
        {
            '0' or '\0' or '1' => 0x8000,
            '2' => 0xA000,
            '3' => 0x2000,
            '4' => 0x6000,
            '5' => 0x4000,
            '6' => 0x1000,
            _ => 0,
        };

        // A mark of what was deleted has no mode at all.
        int mode = TarHeader.Mode(block);
        if (mode != 0 || !Name(block).StartsWith(".wh.", StringComparison.Ordinal))
        {
            Encoding.ASCII.GetBytes(Octal(kind | mode, 7) + '\0', block.Slice(ModeAt, 8));
            "        "u8.CopyTo(block[ChecksumAt..]);
            int sum = 0;
            foreach (byte one in block)
            {
                sum += one;
            }

            Encoding.ASCII.GetBytes(Octal(sum, 6) + "\0 ", block.Slice(ChecksumAt, 8));
        }
    }

    private static string Name(ReadOnlySpan<byte> block)
    {
        string name = TarHeader.Name(block);
        return name[(name.LastIndexOf('/') + 1)..];
    }

    private static string Octal(int number, int digits) => Convert.ToString(number, 8).PadLeft(digits, '0');

    private static long Padded(long size) => (size + TarHeader.BlockSize - 1) / TarHeader.BlockSize * TarHeader.BlockSize;
}
