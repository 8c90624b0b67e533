using CtrPS.Client.Posix;

namespace CtrPS.Client.Formats.Compression;

/// <summary>Writes one zstd frame with a checksum, by libzstd. The frame is ended when the stream is disposed.</summary>
internal sealed class ZstdEncoderStream : Stream
{
    private const int MaxWorkers = 4;

    /// <summary>
    /// From here on a worker takes some 100 MiB, and seconds for what it is given at a time, in which nobody can stop it: the work is done in the
    /// caller's thread then. The bytes depend on that, so it must not depend on the machine.
    /// </summary>
    private const int FirstHardLevel = 10;

    private readonly byte[] _buffer = new byte[1 << 17];
    private readonly Stream _output;
    private readonly bool _leaveOpen;
    private nint _encoder;

    public ZstdEncoderStream(Stream output, bool leaveOpen, int level)
    {
        SystemLibrary.Require(SystemLibrary.Zstd);
        _output = output;
        _leaveOpen = leaveOpen;
        _encoder = Libzstd.CreateEncoder();
        if (_encoder == 0)
        {
            throw new InsufficientMemoryException();
        }

        _ = Libzstd.SetParameter(_encoder, Libzstd.CompressionLevel, level);
        _ = Libzstd.SetParameter(_encoder, Libzstd.ChecksumFlag, 1);

        // Refused by a library that was built without threads, which works in this one then. At least one, for the bytes do not depend on how many.
        if (level < FirstHardLevel)
        {
            _ = Libzstd.SetParameter(_encoder, Libzstd.Workers, Math.Clamp(Environment.ProcessorCount, 1, MaxWorkers));
        }
    }

    ~ZstdEncoderStream() => Free();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => _encoder != 0;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            (int consumed, int produced, _) = Encode(buffer, Libzstd.Continue);
            buffer = buffer[consumed..];
            _output.Write(_buffer, 0, produced);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            (int consumed, int produced, _) = Encode(buffer.Span, Libzstd.Continue);
            buffer = buffer[consumed..];
            if (produced > 0)
            {
                await _output.WriteAsync(_buffer.AsMemory(0, produced), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Gives up: what was written is no frame, and nobody will read it. Disposing ends nothing then.</summary>
    public void Abandon() => Free();

    public override void Flush()
    {
        Drain(Libzstd.Flush);
        _output.Flush();
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await DrainAsync(Libzstd.Flush, cancellationToken).ConfigureAwait(false);
        await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_encoder != 0)
        {
            try
            {
                await DrainAsync(Libzstd.End, CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                Free();
            }

            if (!_leaveOpen)
            {
                await _output.DisposeAsync().ConfigureAwait(false);
            }
        }

        GC.SuppressFinalize(this);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _encoder != 0)
        {
            try
            {
                Drain(Libzstd.End);
            }
            finally
            {
                Free();
            }

            if (!_leaveOpen)
            {
                _output.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private void Drain(int operation)
    {
        bool done;
        do
        {
            (_, int produced, done) = Encode([], operation);
            _output.Write(_buffer, 0, produced);
        }
        while (!done);
    }

    private async ValueTask DrainAsync(int operation, CancellationToken cancellationToken)
    {
        bool done;
        do
        {
            (_, int produced, done) = Encode([], operation);
            await _output.WriteAsync(_buffer.AsMemory(0, produced), cancellationToken).ConfigureAwait(false);
        }
        while (!done);
    }

    private unsafe (int Consumed, int Produced, bool Done) Encode(ReadOnlySpan<byte> input, int operation)
    {
        ObjectDisposedException.ThrowIf(_encoder == 0, this);
        fixed (byte* inputBytes = input, outputBytes = _buffer)
        {
            var from = new Libzstd.Buffer { Bytes = inputBytes, Size = (nuint)input.Length };
            var to = new Libzstd.Buffer { Bytes = outputBytes, Size = (nuint)_buffer.Length };
            nuint outcome = Libzstd.Compress(_encoder, &to, &from, operation);
            return Libzstd.ErrorOf(outcome) is { } error
                ? throw new IOException($"zstd cannot compress: {error}.")
                : ((int)from.Position, (int)to.Position, outcome == 0);
        }
    }

    private void Free()
    {
        if (_encoder != 0)
        {
            _ = Libzstd.FreeEncoder(_encoder);
            _encoder = 0;
        }
    }
}
