using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace CtrPS.Client.Tests.Logs;

public sealed class LogFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-").FullName;

    private string LogPath => Path.Combine(_folder, "0.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    [InlineData(20000)]
    [InlineData(30000)]
    public async Task The_last_lines_are_the_last_lines(int count)
    {
        // Lengths that do not fit the blocks in which a file is read.
        string[] lines = [.. Enumerable.Range(0, 20000).Select(i => $"{i} {new string('x', i % 97)}")];
        await File.WriteAllLinesAsync(LogPath, lines);
        Assert.Equal(lines.TakeLast(count), await ReadAsync(new CtrLogRequest { Tail = count }));
        await File.AppendAllTextAsync(LogPath, "no end");
        Assert.Equal(lines.Append("no end").TakeLast(count), count == 0 ? [] : await ReadAsync(new CtrLogRequest { Tail = count }));
    }

    [Fact]
    public async Task The_last_lines_of_one_stream_are_found_however_far_back_and_whole()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 30; i++)
        {
            _ = text.AppendLine(CultureInfo.InvariantCulture, $"2026-01-02T03:04:05Z stderr P rare {i} ");
        }

        _ = text.AppendLine("2026-01-02T03:04:05Z stderr F end");
        for (int i = 0; i < 5000; i++)
        {
            _ = text.AppendLine(CultureInfo.InvariantCulture, $"2026-01-02T03:04:06Z stdout F {i}");
        }

        await File.WriteAllTextAsync(LogPath, text.ToString());
        string rare = Assert.Single(await ReadAsync(new CtrLogRequest { Tail = 1, Stream = CtrLogStream.Error }));
        Assert.StartsWith("rare 0 rare 1", rare, StringComparison.Ordinal);
        Assert.EndsWith("end", rare, StringComparison.Ordinal);
        Assert.Equal(["4999"], await ReadAsync(new CtrLogRequest { Tail = 1 }));
    }

    [Fact]
    public async Task Older_parts_belong_to_the_log_also_compressed_ones()
    {
        await WriteAsync(LogPath + ".20260102-000000.gz", "a", "b");
        await WriteAsync(LogPath + ".20260103-000000", "c", "d");
        await WriteAsync(LogPath + ".20260103-000000.gz", "is", "being", "compressed");
        await WriteAsync(LogPath + ".20260104-000000.tmp", "no");
        await WriteAsync(LogPath + ".20260104-000000", "e");
        await WriteAsync(LogPath, "f", "g");
        string[] all = ["a", "b", "c", "d", "e", "f", "g"];
        Assert.Equal(all, await ReadAsync(new CtrLogRequest(), rotated: true));
        for (int count = 0; count <= 9; count++)
        {
            Assert.Equal(all.TakeLast(count), await ReadAsync(new CtrLogRequest { Tail = count }, rotated: true));
        }

        Assert.Equal(["f", "g"], await ReadAsync(new CtrLogRequest()));
        File.SetLastWriteTimeUtc(LogPath + ".20260103-000000", DateTime.UtcNow.AddDays(-3));
        File.SetLastWriteTimeUtc(LogPath + ".20260103-000000.gz", DateTime.UtcNow.AddDays(-3));
        Assert.Equal(["a", "b", "e", "f", "g"], await ReadAsync(new CtrLogRequest { Since = DateTimeOffset.Now.AddDays(-1) }, rotated: true));
    }

    [Fact]
    public async Task Parts_of_nerdctl_are_counted_from_the_newest()
    {
        await WriteAsync(LogPath + ".10", "a");
        await WriteAsync(LogPath + ".9", "b");
        await WriteAsync(LogPath + ".1", "c");
        await WriteAsync(LogPath, "d");
        Assert.Equal(["a", "b", "c", "d"], await ReadAsync(new CtrLogRequest(), rotated: true));
    }

    [Fact]
    public async Task Times_and_streams_choose_lines()
    {
        await WriteAsync(
            LogPath,
            "2026-01-02T03:00:01Z stdout F a",
            "2026-01-02T03:00:02Z stderr F b",
            "2026-01-02T03:00:03Z stdout F c",
            "2026-01-02T03:00:04Z stdout F d");
        var at = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);
        Assert.Equal(["b", "c"], await ReadAsync(new CtrLogRequest { Since = at.AddSeconds(2), Until = at.AddSeconds(3) }));
        Assert.Equal(["c"], await ReadAsync(new CtrLogRequest { Since = at.AddSeconds(2), Until = at.AddSeconds(3), Stream = CtrLogStream.Output }));
        Assert.Equal(["a", "c"], await ReadAsync(new CtrLogRequest { Until = at.AddSeconds(3), Stream = CtrLogStream.Output, Tail = 5 }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_follows_reads_over_rotation_and_truncation_to_the_end(bool fromTail)
    {
        await WriteAsync(LogPath, "1");
        var ended = new TaskCompletionSource();
        var request = new CtrLogRequest { Follow = true, Tail = fromTail ? 10 : null, Ended = _ => ended.Task };
        var read = new List<string>();
        await foreach (CtrLogLine line in Connector.Logs.ReadAsync(Source(rotated: true), request, CancellationToken.None))
        {
            read.Add(line.Text);
            switch (line.Text)
            {
                case "1":
                    await File.AppendAllTextAsync(LogPath, "2\n3 in ");
                    break;
                case "2":
                    await File.AppendAllTextAsync(LogPath, "two\n");
                    break;
                case "3 in two":
                    // What is written between the last look and the rotation is not lost.
                    await File.AppendAllTextAsync(LogPath, "4\n");
                    File.Move(LogPath, LogPath + ".20260102-000000");
                    await File.AppendAllTextAsync(LogPath + ".20260102-000000", "5\n");
                    await WriteAsync(LogPath, "6 which is long");
                    break;
                case "6 which is long":
                    await File.WriteAllTextAsync(LogPath, "7\n");
                    break;
                case "7":
                    await File.AppendAllTextAsync(LogPath, "8");
                    ended.SetResult();
                    break;
                default:
                    break;
            }
        }

        Assert.Equal(["1", "2", "3 in two", "4", "5", "6 which is long", "7", "8"], read);
    }

    [Fact]
    public async Task Errors_name_the_file()
    {
        CtrException missing = await Assert.ThrowsAsync<CtrException>(() => ReadAsync(new CtrLogRequest()));
        Assert.Equal((CtrErrorIds.LogNotFound, LogPath), (missing.ErrorId, missing.Target));
        await File.WriteAllTextAsync(LogPath + ".gz", "not gzip");
        var source = new CtrLogSource { Path = LogPath + ".gz", Common = new CtrLogLine { Text = "", Path = "" } };
        CtrException bad = await Assert.ThrowsAsync<CtrException>(() => ReadAsync(source, new CtrLogRequest()));
        Assert.Equal(CtrErrorIds.LogUnreadable, bad.ErrorId);
        Assert.Contains(LogPath + ".gz", bad.Message, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(string path, params string[] lines)
    {
        await using FileStream file = File.Create(path);
        await using Stream target = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        await target.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
    }

    private CtrLogSource Source(bool rotated) => new() { Path = LogPath, IsRotated = rotated, Common = new CtrLogLine { Text = "", Path = LogPath } };

    private Task<List<string>> ReadAsync(CtrLogRequest request, bool rotated = false) => ReadAsync(Source(rotated), request);

    private static async Task<List<string>> ReadAsync(CtrLogSource source, CtrLogRequest request)
    {
        var texts = new List<string>();
        await foreach (CtrLogLine line in Connector.Logs.ReadAsync(source, request, CancellationToken.None))
        {
            texts.Add(line.Text);
        }

        return texts;
    }
}
