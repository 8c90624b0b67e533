using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Threading.Channels;

namespace CtrPS.Commands;

/// <summary>The standard input of a process on its way from the pipeline: a few pieces wait here.</summary>
internal sealed class ProcessInput
{
    /// <summary>Control-D: what ends the input of a terminal at the beginning of a line.</summary>
    public static readonly byte[] EndOfTransmission = [4];

    private const int Ahead = 16;

    private readonly Channel<ReadOnlyMemory<byte>> _pieces;

    /// <summary>Pieces that come.</summary>
    public ProcessInput() =>
        _pieces = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });

    /// <summary>Pieces that are there.</summary>
    public ProcessInput(IEnumerable<byte[]> pieces)
    {
        _pieces = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        foreach (byte[] piece in pieces)
        {
            _ = _pieces.Writer.TryWrite(piece);
        }

        Complete();
    }

    /// <summary>
    /// Turns an object of the pipeline into bytes: bytes are taken as they are, everything else as a line of text, lists one by one.
    /// </summary>
    public static byte[] Encode(object? given, Encoding encoding) => (given is PSObject wrapped ? wrapped.BaseObject : given) switch
    {
        byte one => [one],
        byte[] bytes => bytes,
        IList many => [.. many.Cast<object?>().SelectMany(one => Encode(one, encoding))],
        _ => encoding.GetBytes(LanguagePrimitives.ConvertTo<string>(given) + "\n"),
    };

    /// <summary>Whether somebody still reads.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Sends a piece if there is room.</summary>
    public bool TrySend(ReadOnlyMemory<byte> bytes) => _pieces.Writer.TryWrite(bytes);

    /// <summary>Waits until there is room; false: nobody reads any more.</summary>
    public Task<bool> WaitAsync(CancellationToken cancellationToken) => _pieces.Writer.WaitToWriteAsync(cancellationToken).AsTask();

    /// <summary>There is no more.</summary>
    public void Complete() => _ = _pieces.Writer.TryComplete();

    /// <summary>Nobody reads any more: what comes is dropped.</summary>
    public void Close()
    {
        IsOpen = false;
        Complete();
        while (_pieces.Reader.TryRead(out _))
        {
            // Who waits for room goes on.
        }
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken) => _pieces.Reader.ReadAllAsync(cancellationToken);
}
