using System.Buffers;
using System.Text;

namespace CtrPS.Client.Logs;

/// <summary>
/// Makes lines of what stands in a file: parts are joined, each stream's for itself. As bytes, since a part may end within a character.
/// </summary>
internal sealed class LogJoiner(CtrLogLine common, CtrLogFormat format)
{
    /// <summary>A longer line is given in pieces of this size.</summary>
    private const int MaxLine = 16 << 20;

    private readonly Part[] _parts = [new(), new(), new()];
    private CtrLogFormat _format = format;

    /// <summary>Takes a line of the file. Null where its rest is still to come.</summary>
    /// <param name="line">The line without its end; the memory is the caller's again afterwards.</param>
    /// <param name="path">The file it stands in.</param>
    public CtrLogLine? Add(ReadOnlyMemory<byte> line, string path)
    {
        if (_format == CtrLogFormat.Any)
        {
            _format = LogParser.Detect(line);
        }

        LogRecord record = LogParser.Parse(_format, line);
        Part part = _parts[(int)record.Stream];
        if (!record.IsPartial && part.Bytes.WrittenCount == 0)
        {
            return Make(record.Time, record.Stream, record.Text.Span, path);
        }

        if (part.Bytes.WrittenCount == 0)
        {
            part.Time = record.Time;
            part.Path = path;
        }

        part.Bytes.Write(record.Text.Span);
        return record.IsPartial && part.Bytes.WrittenCount < MaxLine ? null : Take(record.Stream, part);
    }

    /// <summary>What is left at the end of all: the output of a process that ended without a newline.</summary>
    public IEnumerable<CtrLogLine> Rest() =>
        from stream in Enum.GetValues<CtrLogStream>()
        let part = _parts[(int)stream]
        where part.Bytes.WrittenCount > 0
        orderby part.Time
        select Take(stream, part);

    private CtrLogLine Take(CtrLogStream stream, Part part)
    {
        CtrLogLine line = Make(part.Time, stream, part.Bytes.WrittenSpan, part.Path);
        part.Bytes.Clear();
        return line;
    }

    private CtrLogLine Make(DateTimeOffset? time, CtrLogStream stream, ReadOnlySpan<byte> bytes, string path)
    {
        string text = Encoding.UTF8.GetString(bytes);
        return common.With(copy =>
        {
            copy.Time = time;
            copy.Stream = stream;
            copy.Text = text;
            copy.Path = path;
        });
    }

    private sealed class Part
    {
        public ArrayBufferWriter<byte> Bytes { get; } = new();

        public DateTimeOffset? Time { get; set; }

        public string Path { get; set; } = "";
    }
}
