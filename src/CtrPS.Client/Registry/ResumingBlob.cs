using System.Diagnostics;
using CtrPS.Client.Formats;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// A blob read from an offset to its end over connections that break, stand still or are too slow: each goes on where the one before ended. So it may
/// be read for hours; only a blob that does not come on at all is given up.
/// </summary>
/// <param name="repository">Where it is.</param>
/// <param name="blob">The blob.</param>
/// <param name="offset">The first byte.</param>
/// <param name="end">Behind the last byte.</param>
/// <param name="count">Counts what comes.</param>
/// <param name="shares">
/// How many such connections there are for the blob: this is a closed range of it, which is answered as such or not at all, and whose part of the
/// rate is smaller. Where it stands still it fails, since somebody knows another way. Null: it is the only one.
/// </param>
internal sealed class ResumingBlob(
    RepositoryClient repository, Descriptor blob, long offset, long end, Action<int> count, int? shares = null) : ForwardStream
{
    /// <summary>Connections in a row that brought nothing.</summary>
    private const int MaxTries = 4;

    private readonly CtrRegistryOptions _options = repository.Options;
    private readonly long _minimumRate = repository.Options.MinimumRate / (shares ?? 1);
    private readonly Stopwatch _window = new();
    private CancellationTokenSource _stall = new();
    private BlobBody? _body;
    private long _position = offset;
    private long _windowBytes;
    private int _tries;

    public override long Length => end;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Exception fault;
            try
            {
                _body ??= await OpenAsync(cancellationToken).ConfigureAwait(false);
                int read = await ReadOnceAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (read > 0 || _position == end)
                {
                    RequireRate(read);
                    _position += read;
                    count(read);
                    return read;
                }

                fault = new EndOfStreamException($"the connection ended after {_position} of {blob.Size} bytes");
            }
            catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException || (e is TimeoutException && shares is null))
            {
                fault = e;
            }

            Uri host = repository.Served!.Root;
            await CloseAsync().ConfigureAwait(false);
            if (++_tries >= MaxTries)
            {
                throw RegistryFaults.Unreachable($"blob '{blob.Digest}'", host, fault);
            }

            if (_tries > 1)
            {
                await Task.Delay(_options.RetryInterval * (_tries - 1), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _stall.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body?.Dispose();
            _stall.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<BlobBody> OpenAsync(CancellationToken cancellationToken)
    {
        _windowBytes = 0;
        _window.Restart();
        return shares is null
            ? await repository.OpenAsync(blob, _position, end == blob.Size ? null : end, cancellationToken).ConfigureAwait(false)
            : await repository.OpenRangeAsync(blob, _position, end, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One reading, which must bring something in time.</summary>
    private async ValueTask<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_stall.TryReset())
        {
            _stall.Dispose();
            _stall = new CancellationTokenSource();
        }

        _stall.CancelAfter(_options.StallTimeout);
        using CancellationTokenRegistration stop =
            cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _stall);
        try
        {
            return await _body!.ReadAsync(buffer, _stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"no byte came for {_options.StallTimeout.TotalSeconds:0.#} seconds", e);
        }
    }

    /// <summary>What brings something is no longer in vain, unless it brings too little.</summary>
    private void RequireRate(int read)
    {
        _windowBytes += read;
        if (_minimumRate == 0)
        {
            _tries = read > 0 ? 0 : _tries;
        }
        else if (_window.Elapsed >= _options.StallTimeout)
        {
            double rate = _windowBytes / _window.Elapsed.TotalSeconds;
            _windowBytes = 0;
            _window.Restart();
            _tries = rate >= _minimumRate
                ? 0
                : throw new TimeoutException($"it brings {rate:0} bytes a second, less than {_minimumRate}");
        }
    }

    private async Task CloseAsync()
    {
        if (_body is not null)
        {
            await _body.DisposeAsync().ConfigureAwait(false);
            _body = null;
        }
    }
}
