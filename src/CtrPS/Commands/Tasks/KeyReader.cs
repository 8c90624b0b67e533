using System.IO.Pipes;
using System.Threading.Channels;
using CtrPS.Posix;

namespace CtrPS.Commands;

/// <summary>Reads keys from the terminal until it is disposed. It takes none after that: the next program gets them.</summary>
internal sealed class KeyReader : IDisposable
{
    private const int BufferSize = 4096;

    private readonly AnonymousPipeServerStream _wake = new(PipeDirection.Out);
    private readonly Channel<byte[]> _keys = Channel.CreateUnbounded<byte[]>();
    private readonly Thread _thread;

    /// <summary>Begins at once.</summary>
    public KeyReader()
    {
        _thread = new Thread(Read) { IsBackground = true, Name = nameof(KeyReader) };
        _thread.Start();
    }

    /// <summary>The keys as they come, until the terminal is gone.</summary>
    public IAsyncEnumerable<byte[]> ReadAsync(CancellationToken cancellationToken) => _keys.Reader.ReadAllAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _wake.WriteByte(0);
        _thread.Join();
        _wake.Dispose();
    }

    private void Read()
    {
        byte[] buffer = new byte[BufferSize];
        int wake = (int)_wake.ClientSafePipeHandle.DangerousGetHandle();
        while (Terminal.Read(buffer, wake) is var count and > 0)
        {
            _ = _keys.Writer.TryWrite(buffer[..count]);
        }

        _keys.Writer.Complete();
    }
}
