using System.Buffers;
using System.Text;

namespace CtrPS.Output;

/// <summary>Keeps what a process writes, for a result.</summary>
internal sealed class CapturedOutput(Encoding encoding, CtrErrorStream error) : OutputSink
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _error = new();

    /// <summary>Standard output, without the end of the last line.</summary>
    public string Output => Text(_output);

    /// <summary>Standard error, without the end of the last line.</summary>
    public string Error => Text(_error);

    /// <inheritdoc/>
    public override void Take(ProcessOutput piece)
    {
        if (!piece.IsError || error != CtrErrorStream.Null)
        {
            (piece.IsError && error == CtrErrorStream.Error ? _error : _output).Write(piece.Bytes);
        }
    }

    /// <inheritdoc/>
    public override void End()
    {
    }

    private string Text(ArrayBufferWriter<byte> bytes)
    {
        string text = encoding.GetString(bytes.WrittenSpan);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }
}
