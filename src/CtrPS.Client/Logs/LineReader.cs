namespace CtrPS.Client.Logs;

/// <summary>Reads a file's lines as they come: what has no end yet is kept for the next time.</summary>
internal sealed class LineReader
{
    /// <summary>A longer line is given in pieces of this size.</summary>
    private const int MaxLine = 16 << 20;

    private byte[] _buffer = new byte[64 << 10];
    private int _begin;
    private int _end;

    /// <summary>Whether the file ends within a line.</summary>
    public bool HasRest => _end > _begin;

    /// <summary>
    /// The next line, without its end. Null at the end of the file, for now. The memory is good until the next call.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(Stream file, CancellationToken cancellationToken)
    {
        int searched = _begin;
        while (true)
        {
            int at = _buffer.AsSpan(searched.._end).IndexOf((byte)'\n');
            if (at >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_begin..(searched + at));
                _begin = searched + at + 1;
                return line;
            }

            if (_end - _begin >= MaxLine)
            {
                return TakeRest();
            }

            if (_begin > 0)
            {
                _buffer.AsSpan(_begin.._end).CopyTo(_buffer);
                _end -= _begin;
                _begin = 0;
            }

            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            searched = _end;
            int read = await file.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    /// <summary>What stands after the last end of a line, and forgets it.</summary>
    public ReadOnlyMemory<byte> TakeRest()
    {
        ReadOnlyMemory<byte> rest = _buffer.AsMemory(_begin.._end);
        _begin = _end;
        return rest;
    }
}
