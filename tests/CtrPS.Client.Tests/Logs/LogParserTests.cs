using System.Text;
using CtrPS.Client.Logs;

namespace CtrPS.Client.Tests.Logs;

public sealed class LogParserTests
{
    [Theory]
    [InlineData("2026-01-02T03:04:05.123456789Z stdout F hello world", CtrLogStream.Output, false, "hello world")]
    [InlineData("2026-01-02T03:04:05.123456789+02:00 stderr P part", CtrLogStream.Error, true, "part")]
    [InlineData("2026-01-02T03:04:05Z stdout F ", CtrLogStream.Output, false, "")]
    [InlineData("2026-01-02T03:04:05Z stdout F", CtrLogStream.Output, false, "")]
    [InlineData("2026-01-02T03:04:05.1Z stdout F:tag:other  two spaces", CtrLogStream.Output, false, " two spaces")]
    [InlineData("2026-01-02T03:04:05.1Z stdout F text\r", CtrLogStream.Output, false, "text\r")]
    public void CRI_lines_are_taken_apart(string line, CtrLogStream stream, bool isPartial, string text)
    {
        LogRecord record = LogParser.Parse(CtrLogFormat.Cri, Bytes(line));
        Assert.Equal((stream, isPartial, text), (record.Stream, record.IsPartial, Encoding.UTF8.GetString(record.Text.Span)));
        Assert.NotNull(record.Time);
        Assert.Equal(CtrLogFormat.Cri, LogParser.Detect(Bytes(line)));
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("")]
    [InlineData("2026-01-02T03:04:05Z stdin F hello")]
    [InlineData("2026-01-02T03:04:05Z stdout X hello")]
    [InlineData("2026-01-02T03:04:05Z stdout Full hello")]
    [InlineData("2026-13-02T03:04:05Z stdout F hello")]
    [InlineData("2026-01-02 03:04:05 +0000 stdout F hello")]
    [InlineData("{\"message\":\"of the program's own\"}")]
    [InlineData("{not json")]
    public void Other_lines_are_text(string line)
    {
        Assert.Equal(CtrLogFormat.Plain, LogParser.Detect(Bytes(line)));
        foreach (CtrLogFormat format in new[] { CtrLogFormat.Plain, CtrLogFormat.Cri, CtrLogFormat.Json })
        {
            LogRecord record = LogParser.Parse(format, Bytes(line));
            Assert.Equal(
                (null, CtrLogStream.Unknown, false, line), (record.Time, record.Stream, record.IsPartial, Encoding.UTF8.GetString(record.Text.Span)));
        }
    }

    [Theory]
    [InlineData("""{"log":"a \"b\"\n","stream":"stdout","time":"2026-01-02T03:04:05.000000001Z"}""", CtrLogStream.Output, false, "a \"b\"")]
    [InlineData("""{"log":"part","stream":"stderr","time":"2026-01-02T03:04:05Z"}""", CtrLogStream.Error, true, "part")]
    [InlineData("""{"log":"of a terminal\r\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}""", CtrLogStream.Output, false, "of a terminal")]
    public void Lines_of_json_file_are_taken_apart(string line, CtrLogStream stream, bool isPartial, string text)
    {
        LogRecord record = LogParser.Parse(CtrLogFormat.Json, Bytes(line));
        Assert.Equal((stream, isPartial, text), (record.Stream, record.IsPartial, Encoding.UTF8.GetString(record.Text.Span)));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), record.Time);
        Assert.Equal(CtrLogFormat.Json, LogParser.Detect(Bytes(line)));
    }

    [Fact]
    public void Times_are_right_to_100_nanoseconds()
    {
        Assert.Equal(
            new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234567), LogParser.ParseTime("2026-01-02T03:04:05.123456789Z"u8));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 1, 4, 5, TimeSpan.Zero).AddTicks(5000000), LogParser.ParseTime("2026-01-02T03:04:05.5+02:00"u8));
        Assert.Null(LogParser.ParseTime("2026-02-30T03:04:05Z"u8));
        Assert.Null(LogParser.ParseTime("2026-01-02T03:04:05"u8));
    }

    [Fact]
    public void Parts_are_joined_for_each_stream_by_itself_and_within_characters()
    {
        var joiner = new LogJoiner(new CtrLogLine { Text = "", Path = "" }, CtrLogFormat.Cri);
        byte[] euro = Encoding.UTF8.GetBytes("€");
        Assert.Null(joiner.Add(Bytes("2026-01-02T03:04:05Z stdout P one ", euro[..1]), "f"));
        Assert.Null(joiner.Add(Bytes("2026-01-02T03:04:06Z stderr P two "), "f"));
        CtrLogLine? line = joiner.Add(Bytes("2026-01-02T03:04:07Z stdout F ", euro[1..]), "g");
        Assert.Equal(("one €", CtrLogStream.Output, "f"), (line!.Text, line.Stream, line.Path));
        Assert.Equal(5, line.Time!.Value.Second);
        Assert.Equal("two ", Assert.Single(joiner.Rest()).Text);
        Assert.Empty(joiner.Rest());
    }

    [Theory]
    [InlineData(
        """{"Version":"v1","Metadata":{"ID":"x","Config":{"log_path":"app/0.log"},"LogPath":"/var/log/pods/a/app/0.log"}}""",
        "/var/log/pods/a/app/0.log")]
    [InlineData("""{"Version":"v1","Metadata":{"LogPath":""}}""", "")]
    [InlineData("""{"Version":"v1"}""", null)]
    [InlineData("nothing", null)]
    public void The_path_stands_in_CRIs_record(string metadata, string? path) =>
        Assert.Equal(path, LogStore.CriPath(Encoding.UTF8.GetBytes(metadata)));

    [Theory]
    [InlineData("file:///var/log/a%20b.log", "/var/log/a b.log")]
    [InlineData("file:///var/log/web.log?x=y", "/var/log/web.log")]
    [InlineData("binary:///usr/bin/logger?a=b", null)]
    [InlineData("/run/containerd/fifo/1/web-stdout", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_path_stands_in_a_log_uri(string? uri, string? path) => Assert.Equal(path, LogStore.PathOf(uri));

    private static byte[] Bytes(string text, params byte[] more) => [.. Encoding.UTF8.GetBytes(text), .. more];
}
