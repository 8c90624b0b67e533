using System.Runtime.InteropServices;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>
/// What a gzip file holds, all members of it, by the system's zlib, which tells where its blocks end and what its window holds there; the framework's
/// own does neither. With that, decoding can begin in the middle of a file (Mark Adler's zran). Owns the stream.
/// </summary>
internal sealed class SeekableGzipStream : ForwardStream
{
    private const int TrailerSize = 8;

    private readonly byte[] _input = new byte[1 << 17];
    private readonly Stream _compressed;
    private readonly SeekPoints? _record;
    private unsafe Libz.Stream* _stream;
    private SeekPoint? _from;
    private int _start;
    private int _end;
    private int _skip;
    private long _packed;
    private long _plain;
    private bool _isRaw;
    private bool _between;
    private bool _ended;

    /// <param name="compressed">The file, from <see cref="SeekPoints.Start"/> of the place on.</param>
    /// <param name="from">Where to begin. Null: at the start.</param>
    /// <param name="record">Notes places on the way. Null: nobody does.</param>
    public unsafe SeekableGzipStream(Stream compressed, SeekPoint? from, SeekPoints? record)
    {
        _compressed = compressed;
        _record = record;
        _isRaw = from?.Window is not null;
        _from = _isRaw ? from : null;
        _plain = from?.Plain ?? 0;
        _packed = SeekPoints.Start(from);
        _stream = (Libz.Stream*)NativeMemory.AllocZeroed((nuint)sizeof(Libz.Stream));
        int outcome = Libz.Initialize(_stream, _isRaw ? Libz.Raw : Libz.Gzip);
        if (outcome != Libz.Ok)
        {
            NativeMemory.Free(_stream);
            _stream = null;
            throw outcome == Libz.MemoryError
                ? new InsufficientMemoryException()
                : new InvalidOperationException($"zlib cannot be started (code {outcome}).");
        }
    }

    ~SeekableGzipStream() => Free();

    /// <exception cref="EndOfStreamException">The stream ends within a member.</exception>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty && !_ended)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_start == _end)
            {
                _start = 0;
                _end = await _compressed.ReadAsync(_input, cancellationToken).ConfigureAwait(false);
                if (_end == 0)
                {
                    _ended = _between && _skip == 0;
                    return _ended ? 0 : throw new EndOfStreamException("the end of the data is missing.");
                }
            }

            int produced = Step(buffer.Span);
            if (produced > 0)
            {
                return produced;
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        Free();
        if (disposing)
        {
            _compressed.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Decodes from the input that is there, up to the next end of a block.</summary>
    private unsafe int Step(Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        if (_from is { } from)
        {
            Resume(from);
        }

        if (_skip > 0)
        {
            // Of a member that was begun in its middle the checksum is left unread.
            int count = Math.Min(_skip, _end - _start);
            Advance(count);
            _skip -= count;
            return 0;
        }

        if (_between && !BeginMember())
        {
            return 0;
        }

        fixed (byte* inputBytes = &_input[_start], outputBytes = output)
        {
            _stream->NextIn = inputBytes;
            _stream->AvailableIn = (uint)(_end - _start);
            _stream->NextOut = outputBytes;
            _stream->AvailableOut = (uint)output.Length;
            int outcome = Libz.Inflate(_stream, Libz.Block);
            Advance(_end - _start - (int)_stream->AvailableIn);
            int produced = output.Length - (int)_stream->AvailableOut;
            _plain += produced;
            switch (outcome)
            {
                case Libz.StreamEnd:
                    _between = true;
                    _skip = _isRaw ? TrailerSize : 0;
                    break;
                case Libz.Ok or Libz.BufferError:
                    Note();
                    break;
                case Libz.MemoryError:
                    throw new InsufficientMemoryException();
                default:
                    string? words = Marshal.PtrToStringUTF8(_stream->Message);
                    throw new InvalidDataException($"zlib calls it damaged ({words ?? $"code {outcome}"}).");
            }

            return produced;
        }
    }

    private void Advance(int count)
    {
        _start += count;
        _packed += count;
    }

    private unsafe void Resume(SeekPoint from)
    {
        _from = null;
        if (from.Bits > 0)
        {
            int value = _input[_start] >> (8 - from.Bits);
            Advance(1);
            Require(Libz.Prime(_stream, from.Bits, value));
        }

        fixed (byte* window = from.Window)
        {
            Require(Libz.SetDictionary(_stream, window, (uint)from.Window!.Length));
        }
    }

    /// <summary>Begins the next member, if there is one: what is no gzip behind a whole member, zeros mostly, is left.</summary>
    private unsafe bool BeginMember()
    {
        const byte Magic = 0x1f;
        if (_input[_start] != Magic)
        {
            _ended = true;
            return false;
        }

        Require(Libz.Reset(_stream, Libz.Gzip));
        _between = false;
        _isRaw = false;
        return true;
    }

    /// <summary>Notes the place where a block has ended.</summary>
    private unsafe void Note()
    {
        int type = _stream->DataType;
        if (_record is null || (type & Libz.AtBlock) == 0 || (type & Libz.LastBlock) != 0 || !_record.IsDue(_plain))
        {
            return;
        }

        byte[] window = new byte[Libz.WindowSize];
        uint length;
        fixed (byte* bytes = window)
        {
            Require(Libz.GetDictionary(_stream, bytes, &length));
        }

        _record.Add(new SeekPoint(_packed, type & Libz.UnusedBits, _plain, length == window.Length ? window : window[..(int)length]));
    }

    private static void Require(int outcome)
    {
        if (outcome != Libz.Ok)
        {
            throw new InvalidOperationException($"zlib refuses (code {outcome}).");
        }
    }

    private unsafe void Free()
    {
        if (_stream is not null)
        {
            _ = Libz.End(_stream);
            NativeMemory.Free(_stream);
            _stream = null;
        }
    }
}
