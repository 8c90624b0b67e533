using System.Threading.Channels;

namespace CtrPS.Rig.Commands;

/// <summary>Holds a rig in the foreground: standard input brings commands, one a line, and its end is the end of the rig.</summary>
internal sealed class Foreground : IDisposable
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource _ending;
    private readonly CancellationToken _signal;

    public Foreground(CancellationToken signal)
    {
        _signal = signal;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(signal);

        // A read of standard input cannot be cancelled: it has a thread of its own, which may be left behind.
        new Thread(Read) { IsBackground = true, Name = "standard input" }.Start();
    }

    /// <summary>Cancelled by a signal and when standard input ends: whoever started the rig is gone.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Answers until the end. A command that fails is answered with its error.</summary>
    public async Task ServeAsync(Func<string, CancellationToken, Task<object>> answer)
    {
        while (await WaitForLineAsync())
        {
            var command = await _lines.Reader.ReadAsync(_signal);
            try
            {
                await Json.WriteLineAsync(await answer(command.Trim(), _signal));
            }
            catch (Exception failure)
                when (failure is ArgumentException or InvalidOperationException or TimeoutException or RigUnavailableException)
            {
                await Json.WriteLineAsync(new { error = failure.Message });
            }
        }
    }

    public void Dispose() => _ending.Dispose();

    private async Task<bool> WaitForLineAsync()
    {
        try
        {
            return await _lines.Reader.WaitToReadAsync(_signal);
        }
        catch (OperationCanceledException) when (_signal.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Read()
    {
        while (Console.In.ReadLine() is { } line)
        {
            _lines.Writer.TryWrite(line);
        }

        _lines.Writer.Complete();
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // a signal ended the rig before its input did
        }
    }
}
