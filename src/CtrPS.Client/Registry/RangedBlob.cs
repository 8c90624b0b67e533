using System.Diagnostics;
using CtrPS.Client.Formats;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// A large blob read from an offset to its end. It begins over one connection; where that turns out to be what is waited for, closed ranges of what
/// comes behind are fetched over others, a few ahead, and given in their order. The first connection goes on until it has come to where the ranges
/// begin, and is given up only if the first of them is coming then: a registry that ignores, refuses or never answers ranges costs nothing. A range
/// that is not to be had in the end leads back to one connection, from that place on.
/// </summary>
internal sealed class RangedBlob(RepositoryClient repository, RangeBuffers buffers, Descriptor blob, long offset, Action<int> count) : ForwardStream
{
    /// <summary>How often ranges are tried of one blob.</summary>
    private const int MaxTries = 3;

    private readonly RangeRules _rules = buffers.Rules;
    private readonly int _connections = repository.Options.ConnectionsPerBlob;
    private readonly Queue<Part> _parts = new();
    private readonly Stopwatch _window = new();
    private CancellationTokenSource _stop = new();
    private ResumingBlob? _line;
    private TimeSpan _waited;
    private long _windowBytes;
    private long _position = offset;
    private long _next;
    private int _tries;

    public override long Length => blob.Size;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_line is not null && _parts.TryPeek(out Part? first) && first.Start == _position)
            {
                if (first.IsComing)
                {
                    await CloseLineAsync().ConfigureAwait(false);
                    Extend();
                }
                else
                {
                    _tries = MaxTries;
                    await DropPartsAsync().ConfigureAwait(false);
                }
            }

            if (_line is null && _parts.Count == 0)
            {
                if (_next > 0 && _position == blob.Size)
                {
                    return 0;
                }

                _line = new ResumingBlob(repository, blob, _position, blob.Size, count);
                _window.Reset();
            }

            if (_line is not null)
            {
                return await ReadLineAsync(_line, buffer, cancellationToken).ConfigureAwait(false);
            }

            if (await ReadPartAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                return read;
            }

            await DropPartsAsync().ConfigureAwait(false);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await CloseLineAsync().ConfigureAwait(false);
        await DropPartsAsync().ConfigureAwait(false);
        _stop.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && (_line is not null || _parts.Count > 0))
        {
            DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    /// <summary>Reads from the one connection, up to where the ranges begin.</summary>
    private async ValueTask<int> ReadLineAsync(ResumingBlob line, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        long room = _parts.TryPeek(out Part? first) ? first.Start - _position : buffer.Length;
        int read = await line.ReadAsync(buffer[..(int)Math.Min(room, buffer.Length)], cancellationToken).ConfigureAwait(false);
        _position += read;
        if (!_window.IsRunning)
        {
            Look(); // the first byte has come
            return read;
        }

        _waited += Stopwatch.GetElapsedTime(begin);
        _windowBytes += read;
        if (_window.Elapsed is var elapsed && elapsed >= _rules.Look)
        {
            // Where the daemon is slower than the connection, more of them would bring nothing sooner. And what they share must be enough for each.
            double rate = _windowBytes / elapsed.TotalSeconds;
            bool isSlow = _waited > elapsed / 2 && rate < _rules.Enough && rate >= repository.Options.MinimumRate * (double)_connections;
            if (isSlow && _parts.Count == 0 && _tries < MaxTries && _connections > 1 && blob.Size - _position >= _rules.Least / 2)
            {
                Branch(rate);
            }

            Look();
        }

        return read;
    }

    /// <summary>Begins with ranges, unless so little memory is free that one connection is as good.</summary>
    private void Branch(double rate)
    {
        _next = _position + Math.Max(_rules.Size, (long)(rate * _rules.Ahead.TotalSeconds));
        Extend(least: Math.Min(2, _connections - 1));
        _tries += _parts.Count > 0 ? 1 : 0;
    }

    private void Look()
    {
        _window.Restart();
        _waited = TimeSpan.Zero;
        _windowBytes = 0;
    }

    /// <summary>Takes from the range whose turn it is. 0: there is no more of it, as it failed.</summary>
    private async ValueTask<int> ReadPartAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Part part = _parts.Peek();
        await part.Fetching.WaitAsync(cancellationToken).ConfigureAwait(false);
        int read = Math.Min(buffer.Length, part.Filled - part.Taken);
        part.Buffer.AsSpan(part.Taken, read).CopyTo(buffer.Span);
        part.Taken += read;
        _position += read;
        if (part.Taken == part.Length)
        {
            _ = _parts.Dequeue();
            Extend(own: part.Buffer);
        }

        return read;
    }

    /// <summary>Begins to fetch as many ranges as there may be.</summary>
    /// <param name="least">How many there must be memory for, or none is begun.</param>
    /// <param name="own">Memory that the blob has already, for the first of them. Null: none.</param>
    private void Extend(int least = 1, byte[]? own = null)
    {
        long left = (blob.Size - _next + _rules.Size - 1) / _rules.Size;
        int room = (int)Math.Min(left, _connections - _parts.Count - (_line is null ? 0 : 1));
        if (room <= 0)
        {
            if (own is not null)
            {
                buffers.Return(own);
            }

            return;
        }

        IEnumerable<byte[]> memory = own is null ? buffers.Rent(least, room) : buffers.Rent(least, room - 1).Prepend(own);
        foreach (byte[] one in memory)
        {
            var part = new Part(one, _next, (int)Math.Min(_rules.Size, blob.Size - _next));
            _next += part.Length;
            part.Fetching = FetchAsync(part, _stop.Token);
            _parts.Enqueue(part);
        }
    }

    /// <summary>Fetches a range, over connections that break too. What it lacks shows that it failed: the one connection meets the cause.</summary>
    private async Task FetchAsync(Part part, CancellationToken cancellationToken)
    {
        var body = new ResumingBlob(repository, blob, part.Start, part.Start + part.Length, count, shares: _connections);
        await using (body.ConfigureAwait(false))
        {
            try
            {
                while (part.Filled < part.Length)
                {
                    part.Filled += await body.ReadAsync(part.Buffer.AsMemory(part.Filled, part.Length - part.Filled), cancellationToken)
                        .ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is CtrException or OperationCanceledException or TimeoutException)
            {
                // What came before counts.
            }
        }
    }

    private async Task CloseLineAsync()
    {
        if (_line is not null)
        {
            await _line.DisposeAsync().ConfigureAwait(false);
            _line = null;
        }
    }

    /// <summary>Ends the fetching of ranges, and waits until nobody writes into their memory any more.</summary>
    private async Task DropPartsAsync()
    {
        if (_parts.Count == 0)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        while (_parts.TryDequeue(out Part? part))
        {
            await ((Task)part.Fetching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            buffers.Return(part.Buffer);
        }

        _stop.Dispose();
        _stop = new CancellationTokenSource();
    }

    /// <summary>A range in memory.</summary>
    private sealed class Part(byte[] buffer, long start, int length)
    {
        private volatile int _filled;

        public byte[] Buffer => buffer;

        public long Start => start;

        public int Length => length;

        /// <summary>Bytes that came.</summary>
        public int Filled
        {
            get => _filled;
            set => _filled = value;
        }

        /// <summary>Bytes that were given on.</summary>
        public int Taken { get; set; }

        public Task Fetching { get; set; } = Task.CompletedTask;

        /// <summary>It is answered as it was asked for, and nothing went wrong with it.</summary>
        public bool IsComing => _filled == length || (_filled > 0 && !Fetching.IsCompleted);
    }
}
