using System.Runtime.CompilerServices;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Logs;

/// <summary>A log that is being read: its older parts, then the file that is written, as far as it goes at the time.</summary>
internal sealed class OpenLog : IAsyncDisposable
{
    private readonly CtrLogSource _source;
    private readonly CtrLogRequest _request;
    private readonly LogFile[] _older;
    private LineReader _reader = new();
    private LogJoiner _joiner;
    private Stream _current;
    private FileIdentity? _identity;

    /// <exception cref="CtrException"><see cref="CtrErrorIds.LogNotFound"/>; <see cref="CtrErrorIds.LogUnreadable"/>.</exception>
    public OpenLog(CtrLogSource source, CtrLogRequest request)
    {
        _source = source;
        _request = request;
        _joiner = new LogJoiner(source.Common, source.Format);

        // The file that is being written is opened before the rotated ones are listed: if it is rotated in between, we hold it already.
        _current = Open(LogFile.Of(source.Path));
        _identity = IdentityOf(_current);
        try
        {
            _older = source.IsRotated ? [.. LogFile.Rotated(source.Path, _identity, request.Since)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _current.Dispose();
            throw Fault(source.Path, e);
        }
    }

    public ValueTask DisposeAsync() => _current.DisposeAsync();

    /// <summary>All lines that are there.</summary>
    public IAsyncEnumerable<CtrLogLine> ReadAllAsync(CancellationToken cancellationToken) => ReadFromAsync(0, 0, cancellationToken);

    /// <summary>
    /// The last lines that are there. Read from the end of the files: the more lines are left out by what else was asked for, the further back.
    /// </summary>
    /// <param name="count">How many lines.</param>
    /// <param name="margin">How many lines to begin earlier.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async Task<IReadOnlyCollection<CtrLogLine>> ReadTailAsync(int count, int margin, CancellationToken cancellationToken)
    {
        if (count == 0 && _current is FileStream file)
        {
            file.Position = Guarded(_source.Path, () => LogFile.FindTail(file.SafeFileHandle, 0).Offset);
            return [];
        }

        for (long wanted = (long)count + margin; ; wanted *= 8)
        {
            int lines = (int)Math.Min(wanted, int.MaxValue);
            (int first, long offset, bool isAll) = await FindAsync(lines, cancellationToken).ConfigureAwait(false);
            var last = new Queue<CtrLogLine>();
            _reader = new LineReader();
            _joiner = new LogJoiner(_source.Common, _source.Format);
            await foreach (CtrLogLine line in ReadFromAsync(first, offset, cancellationToken).ConfigureAwait(false))
            {
                last.Enqueue(line);
                if (last.Count > count)
                {
                    _ = last.Dequeue();
                }
            }

            if (isAll || last.Count == count)
            {
                return last;
            }
        }
    }

    /// <summary>What was written to the open file since.</summary>
    public async IAsyncEnumerable<CtrLogLine> ReadOnAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await NextAsync(_current, _source.Path, cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (_joiner.Add(line, _source.Path) is { } whole && IsWanted(whole))
            {
                yield return whole;
            }
        }
    }

    /// <summary>
    /// Goes on to what stands under the path now, where the open file was rotated away, and to the beginning where it was emptied.
    /// Only when the open file is read to its end.
    /// </summary>
    /// <returns>Whether there is something to read.</returns>
    public bool Advance()
    {
        if (_current is not FileStream file)
        {
            return false;
        }

        if (_identity is not null && FileIdentity.Of(_source.Path) is { } now && now != _identity)
        {
            if (file.Length > file.Position)
            {
                return true; // written between the last look and the rotation
            }

            Stream next;
            try
            {
                next = LogFile.Of(_source.Path).Open();
            }
            catch (IOException)
            {
                return false; // rotated again at this moment: the next look finds the new one
            }

            _current.Dispose();
            _current = next;
            _identity = IdentityOf(next);
            return true;
        }

        if (file.Length < file.Position)
        {
            file.Position = 0;
            _ = _reader.TakeRest();
            return true;
        }

        return false;
    }

    /// <summary>What is left without an end.</summary>
    public IEnumerable<CtrLogLine> Rest() =>
        (_reader.HasRest && _joiner.Add(_reader.TakeRest(), _source.Path) is { } line ? [line, .. _joiner.Rest()] : _joiner.Rest()).Where(IsWanted);

    /// <summary>Reads from a place in one of the older files, or in the one that is written, to the end.</summary>
    private async IAsyncEnumerable<CtrLogLine> ReadFromAsync(int first, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = first; i < _older.Length; i++)
        {
            if (OpenOlder(_older[i]) is not { } file)
            {
                continue;
            }

            await using (file.ConfigureAwait(false))
            {
                if (i == first && offset > 0)
                {
                    file.Position = offset;
                }

                while (await NextAsync(file, _older[i].Path, cancellationToken).ConfigureAwait(false) is { } line)
                {
                    if (_joiner.Add(line, _older[i].Path) is { } whole && IsWanted(whole))
                    {
                        yield return whole;
                    }
                }
            }
        }

        if (_current is FileStream { CanSeek: true } current)
        {
            current.Position = first == _older.Length ? offset : 0;
        }

        await foreach (CtrLogLine line in ReadOnAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return line;
        }

        foreach (CtrLogLine line in _request.Follow ? [] : Rest())
        {
            yield return line;
        }
    }

    /// <summary>
    /// Where the last lines begin: in which of the older files (their number: in the one that is written), and whether that is the beginning of all.
    /// </summary>
    private async Task<(int First, long Offset, bool IsAll)> FindAsync(int lines, CancellationToken cancellationToken)
    {
        if (_current is not FileStream current)
        {
            return (0, 0, true); // compressed: it can only be read from its beginning
        }

        (long offset, int found) = Guarded(_source.Path, () => LogFile.FindTail(current.SafeFileHandle, lines));
        int first = _older.Length;
        while (found < lines && first > 0)
        {
            first--;
            LogFile older = _older[first];
            offset = 0;
            if (older.IsCompressed)
            {
                found += await GuardedAsync(older.Path, () => older.CountAsync(cancellationToken)).ConfigureAwait(false);
            }
            else if (OpenOlder(older) is FileStream file)
            {
                await using (file.ConfigureAwait(false))
                {
                    int missing = lines - found;
                    (offset, int more) = Guarded(older.Path, () => LogFile.FindTail(file.SafeFileHandle, missing));
                    found += more;
                }
            }
        }

        return (first, offset, found < lines);
    }

    private bool IsWanted(CtrLogLine line) =>
        (_request.Stream is null || line.Stream == CtrLogStream.Unknown || line.Stream == _request.Stream)
        && (line.Time is not { } time || ((_request.Since is null || time >= _request.Since) && (_request.Until is null || time <= _request.Until)));

    private ValueTask<ReadOnlyMemory<byte>?> NextAsync(Stream file, string path, CancellationToken cancellationToken) =>
        GuardedAsync(path, () => _reader.NextAsync(file, cancellationToken));

    private static Stream Open(LogFile file) => Guarded(file.Path, file.Open);

    /// <summary>
    /// An older file. Null where it is gone: the rotation removes the oldest. One that was compressed in the meantime is its compressed form.
    /// </summary>
    private static Stream? OpenOlder(LogFile file) => Guarded<Stream?>(file.Path, () =>
    {
        try
        {
            return file.Open();
        }
        catch (FileNotFoundException)
        {
            LogFile compressed = LogFile.Of(file.Path + ".gz");
            return File.Exists(compressed.Path) ? compressed.Open() : null;
        }
    });

    private static FileIdentity? IdentityOf(Stream stream) => stream is FileStream file ? FileIdentity.Of(file.SafeFileHandle) : null;

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fault(path, e);
        }
    }

    private static async ValueTask<T> GuardedAsync<T>(string path, Func<ValueTask<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Fault(path, e);
        }
    }

    private static ValueTask<T> GuardedAsync<T>(string path, Func<Task<T>> work) => GuardedAsync(path, () => new ValueTask<T>(work()));

    private static CtrException Fault(string path, Exception e) => e is FileNotFoundException or DirectoryNotFoundException
        ? new CtrException(CtrErrorIds.LogNotFound, CtrStatus.NotFound, $"There is no log file '{path}'.", e) { Target = path }
        : new CtrException(CtrErrorIds.LogUnreadable, CtrStatus.None, $"The log file '{path}' cannot be read: {e.Message}", e)
        {
            Target = path,
            RecommendedAction = e is UnauthorizedAccessException ? "Run pwsh as root (sudo pwsh): logs belong to root mostly." : null,
        };
}
