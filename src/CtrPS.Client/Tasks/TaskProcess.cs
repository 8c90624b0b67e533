using System.Diagnostics;
using System.Runtime.CompilerServices;
using CtrPS.Client.Connection;
using CtrPS.Client.Network;

namespace CtrPS.Client.Tasks;

/// <inheritdoc/>
/// <param name="runner">Made it.</param>
/// <param name="namespace">The namespace.</param>
/// <param name="id">The container.</param>
/// <param name="execId">A process that was added; empty: the first one.</param>
/// <param name="pipes">Its pipes. Null: it has none.</param>
internal sealed class TaskProcess(TaskRunner runner, string @namespace, string id, string execId, ProcessPipes? pipes) : ICtrProcess
{
    /// <summary>
    /// How long in all its output is waited for after the end of a process. What it wrote itself is in the pipes by then and needs no waiting,
    /// however slow our reader is: only what its children may still write would hold us up.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Bytes that the pipes between a process and us hold at the most, with room to spare: more than that after its end is its children's.
    /// </summary>
    private const long MaxAfterEnd = 4 << 20;

    private const int BufferSize = 64 << 10;

    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _inputGate = new(1, 1);
    private Task<CtrExit>? _exit;
    private Stream? _input;
    private bool _inputClosed;
    private bool _disposed;

    public string Namespace => @namespace;

    public string ContainerId => id;

    public string ExecId => execId;

    public long ProcessId { get; set; }

    public CtrNetwork? Network { get; set; }

    /// <summary>Its network namespace, kept so that its network can be taken away when it has ended. Null: it was given none.</summary>
    public HeldNetwork? Held { get; set; }

    public bool KeepPipes { get; set; }

    private string Words => (execId.Length == 0 ? CallSubject.Task(id, @namespace) : CallSubject.Process(execId, id, @namespace)).Words;

    /// <summary>Begins to wait for the end: before the start, so that no end is missed.</summary>
    public void Watch() => _exit ??= runner.Tasks.WaitAsync(@namespace, id, execId, _end.Token);

    public Task StartAsync(CancellationToken cancellationToken) => runner.StartAsync(this, cancellationToken);

    public async IAsyncEnumerable<CtrOutput> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token);
        var open = new List<Reader>();
        foreach ((Stream? stream, bool isError) in new[] { (pipes?.Output, false), (pipes?.Error, true) })
        {
            if (stream is not null)
            {
                open.Add(new Reader(stream, isError));
            }
        }

        long afterEnd = 0;
        var waited = new Stopwatch();
        try
        {
            while (open.Count > 0)
            {
                foreach (Reader reader in open)
                {
                    reader.Next ??= reader.Stream.ReadAsync(reader.Buffer, call.Token).AsTask();
                }

                bool hasEnded = Exit.IsCompleted;
                if (!await AnyAsync(open, hasEnded ? waited : null, cancellationToken).ConfigureAwait(false) && hasEnded)
                {
                    yield break;
                }

                foreach (Reader reader in open.Where(reader => reader.Next is { IsCompleted: true }).ToArray())
                {
                    int count = await TakeAsync(reader, cancellationToken).ConfigureAwait(false);
                    if (count == 0)
                    {
                        _ = open.Remove(reader);
                        continue;
                    }

                    yield return new CtrOutput(reader.IsError, reader.Buffer.AsMemory(0, count));
                    afterEnd += hasEnded ? count : 0;
                }

                if (afterEnd > MaxAfterEnd)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await call.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(open.Select(reader => reader.Next).OfType<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _inputGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // When the process has ended, nobody empties a full pipe any more: then this does not wait on.
            using var call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token);
            Task writing = WriteInputAsync(bytes, call.Token);
            if (await Task.WhenAny(writing, Exit).ConfigureAwait(false) != writing)
            {
                await call.CancelAsync().ConfigureAwait(false);
            }

            await writing.ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false; // nobody reads any more
        }
        finally
        {
            _ = _inputGate.Release();
        }
    }

    public async Task CloseInputAsync(CancellationToken cancellationToken)
    {
        await _inputGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (pipes is not { InputPath.Length: > 0 } || _inputClosed)
            {
                return;
            }

            // Closing our end is not enough: the shim holds an end for writing too, and lets go of it only when it is told to.
            _inputClosed = true;
            if (_input is not null)
            {
                await _input.DisposeAsync().ConfigureAwait(false);
            }

            await runner.CloseInputAsync(this, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = _inputGate.Release();
        }
    }

    public Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken) => runner.ResizeAsync(this, columns, rows, cancellationToken);

    public Task KillAsync(int signal, CancellationToken cancellationToken) =>
        runner.Tasks.KillAsync(@namespace, id, execId, signal, all: false, cancellationToken);

    public Task<CtrExit> WaitAsync(CancellationToken cancellationToken) => Exit.WaitAsync(cancellationToken);

    public Task<CtrExit> DeleteAsync(CancellationToken cancellationToken) => runner.DeleteAsync(this, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _end.CancelAsync().ConfigureAwait(false);
        if (_input is not null)
        {
            await _input.DisposeAsync().ConfigureAwait(false);
        }

        if (pipes is not null)
        {
            pipes.Keep = KeepPipes;
            await pipes.DisposeAsync().ConfigureAwait(false);
        }

        if (_exit is not null)
        {
            await ((Task)_exit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it was cancelled, or its error was told to whoever waited
        }

        Held?.Dispose();
        _end.Dispose();
        _inputGate.Dispose();
    }

    private Task<CtrExit> Exit => _exit ?? throw new InvalidOperationException($"Nobody watches the {Words}.");

    /// <summary>Waits for a piece of output, and until the process has ended for its end too; then only as long as the grace goes.</summary>
    /// <param name="open">The streams.</param>
    /// <param name="waited">How long was waited since the end. Null before it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there is a piece.</returns>
    private async Task<bool> AnyAsync(List<Reader> open, Stopwatch? waited, CancellationToken cancellationToken)
    {
        Task piece = Task.WhenAny(open.Select(reader => reader.Next!));
        if (piece.IsCompleted)
        {
            return true;
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan left = waited is null || waited.Elapsed > Grace ? TimeSpan.Zero : Grace - waited.Elapsed;
        Task limit = waited is null ? Exit.WaitAsync(timer.Token) : Task.Delay(left, timer.Token);
        waited?.Start();
        Task first = await Task.WhenAny(piece, limit).ConfigureAwait(false);
        waited?.Stop();
        await timer.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return first == piece;
    }

    private static async Task<int> TakeAsync(Reader reader, CancellationToken cancellationToken)
    {
        Task<int> next = reader.Next!;
        reader.Next = null;
        try
        {
            return await next.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return 0; // the other end broke, as that of a shim that was killed
        }
    }

    private async Task WriteInputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_inputClosed)
        {
            throw new IOException($"The standard input of the {Words} is closed.");
        }

        if (_input is null && pipes is not null)
        {
            _input = await pipes.OpenInputAsync(Exit, cancellationToken).ConfigureAwait(false);
        }

        if (_input is null)
        {
            throw new IOException($"Nobody reads the standard input of the {Words}.");
        }

        await _input.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    private sealed class Reader(Stream stream, bool isError)
    {
        public Stream Stream => stream;

        public bool IsError => isError;

        public byte[] Buffer { get; } = new byte[BufferSize];

        public Task<int>? Next { get; set; }
    }
}
