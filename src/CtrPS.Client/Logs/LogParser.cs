using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace CtrPS.Client.Logs;

/// <summary>Takes the lines of log files apart. A line that is not of its file's format is text without a time.</summary>
internal static class LogParser
{
    /// <summary>The format of a file by its first line.</summary>
    public static CtrLogFormat Detect(ReadOnlyMemory<byte> line) =>
        ParseCri(line) is not null ? CtrLogFormat.Cri : ParseJson(line) is not null ? CtrLogFormat.Json : CtrLogFormat.Plain;

    /// <summary>Takes a line apart.</summary>
    /// <param name="format">The file's format, a definite one.</param>
    /// <param name="line">The line without its end.</param>
    public static LogRecord Parse(CtrLogFormat format, ReadOnlyMemory<byte> line) => format switch
    {
        CtrLogFormat.Cri => ParseCri(line),
        CtrLogFormat.Json => ParseJson(line),
        _ => null,
    } ?? new LogRecord(null, CtrLogStream.Unknown, false, WithoutReturn(line));

    /// <summary>
    /// CRI's format (cri-api's runtime.v1 logging.go): time, stream, tags with ':' between them, text. The first tag is P for a part whose rest
    /// comes, F for a whole line or the last part. containerd writes an output that ends without a newline as P too.
    /// </summary>
    private static LogRecord? ParseCri(ReadOnlyMemory<byte> line)
    {
        ReadOnlySpan<byte> span = line.Span;
        int first = span.IndexOf((byte)' ');
        if (first < 20 || ParseTime(span[..first]) is not { } time)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = span[(first + 1)..];
        CtrLogStream stream = rest.StartsWith("stdout "u8)
            ? CtrLogStream.Output
            : rest.StartsWith("stderr "u8) ? CtrLogStream.Error
            : CtrLogStream.Unknown;
        if (stream == CtrLogStream.Unknown
            || rest.Length < 8
            || rest[7] is not ((byte)'P' or (byte)'F')
            || (rest.Length > 8 && rest[8] is not ((byte)' ' or (byte)':')))
        {
            return null;
        }

        int tags = rest[7..].IndexOf((byte)' ');
        int begin = tags < 0 ? line.Length : first + 1 + 7 + tags + 1;
        return new LogRecord(time, stream, rest[7] == (byte)'P', line[begin..]);
    }

    /// <summary>docker's json-file (moby, daemon/logger/jsonfilelog/jsonlog): a part whose rest comes has no newline at its end.</summary>
    private static LogRecord? ParseJson(ReadOnlyMemory<byte> line)
    {
        if (line.Length < 2 || line.Span[0] != (byte)'{')
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (!document.RootElement.TryGetProperty("log", out JsonElement log) || log.GetString() is not { } text)
            {
                return null;
            }

            CtrLogStream stream = (document.RootElement.TryGetProperty("stream", out JsonElement name) ? name.GetString() : null) switch
            {
                "stdout" => CtrLogStream.Output,
                "stderr" => CtrLogStream.Error,
                _ => CtrLogStream.Unknown,
            };
            DateTimeOffset? time = document.RootElement.TryGetProperty("time", out JsonElement at) && at.GetString() is { } written
                ? ParseTime(Encoding.UTF8.GetBytes(written))
                : null;
            bool whole = text.EndsWith('\n');
            return new LogRecord(time, stream, !whole, WithoutReturn(Encoding.UTF8.GetBytes(whole ? text[..^1] : text)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // it only begins like one
        }
    }

    /// <summary>
    /// A time of RFC 3339 with up to nine digits of a second's fraction; what is below .NET's 100 ns is cut off. Null where it is none.
    /// </summary>
    internal static DateTimeOffset? ParseTime(ReadOnlySpan<byte> text)
    {
        if (text.Length < 20
            || text[4] != (byte)'-' || text[7] != (byte)'-' || text[10] != (byte)'T'
            || text[13] != (byte)':' || text[16] != (byte)':'
            || !Number(text[..4], out int year) || !Number(text[5..7], out int month) || !Number(text[8..10], out int day)
            || !Number(text[11..13], out int hour) || !Number(text[14..16], out int minute) || !Number(text[17..19], out int second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = text[19..];
        long ticks = 0;
        if (rest[0] == (byte)'.')
        {
            int digits = 1;
            while (digits < rest.Length && rest[digits] is >= (byte)'0' and <= (byte)'9')
            {
                digits++;
            }

            for (int i = 1; i <= 7; i++)
            {
                ticks = (ticks * 10) + (i < digits ? rest[i] - '0' : 0);
            }

            rest = rest[digits..];
        }

        TimeSpan offset;
        if (rest.SequenceEqual("Z"u8))
        {
            offset = TimeSpan.Zero;
        }
        else if (rest.Length == 6
            && rest[0] is (byte)'+' or (byte)'-'
            && rest[3] == (byte)':'
            && Number(rest[1..3], out int hours)
            && Number(rest[4..6], out int minutes)
            && hours <= 14
            && minutes <= 59)
        {
            offset = (rest[0] == (byte)'-' ? -1 : 1) * new TimeSpan(hours, minutes, 0);
        }
        else
        {
            return null;
        }

        var time = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Unspecified);
        long utc = time.Ticks + ticks - offset.Ticks;
        return utc < 0 || utc > DateTime.MaxValue.Ticks ? null : new DateTimeOffset(utc, TimeSpan.Zero).ToLocalTime();
    }

    private static bool Number(ReadOnlySpan<byte> text, out int value) =>
        Utf8Parser.TryParse(text, out value, out int read) && read == text.Length && value >= 0;

    /// <summary>A terminal ends its lines with a carriage return too.</summary>
    private static ReadOnlyMemory<byte> WithoutReturn(ReadOnlyMemory<byte> line) =>
        line.Length > 0 && line.Span[^1] == (byte)'\r' ? line[..^1] : line;
}
