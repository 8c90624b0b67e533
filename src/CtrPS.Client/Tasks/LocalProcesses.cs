using System.Globalization;
using System.Text;

namespace CtrPS.Client.Tasks;

/// <summary>
/// Reads what the kernel of this machine tells of a process (proc(5)). A process that has gone meanwhile, or that may not be looked at, stays as it
/// is.
/// </summary>
internal static class LocalProcesses
{
    /// <summary>What times in /proc count in: a hundredth of a second on every Linux (USER_HZ).</summary>
    private const int TicksPerSecond = 100;

    public static CtrProcess Describe(CtrProcess process)
    {
        string folder = $"/proc/{process.ProcessId.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            // Its name stands in round brackets and may hold any character, such brackets included.
            string stat = File.ReadAllText(Path.Combine(folder, "stat"));
            int nameEnd = stat.LastIndexOf(')');
            string name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..nameEnd];
            string[] fields = stat[(nameEnd + 2)..].Split(' '); // from the third, the state, on
            string[] arguments = SplitArguments(File.ReadAllBytes(Path.Combine(folder, "cmdline")));
            return process.With(copy =>
            {
                copy.CommandLine = arguments.Length > 0 ? string.Join(' ', arguments) : $"[{name}]";
                copy.Arguments = arguments;
                copy.ParentProcessId = long.Parse(fields[1], CultureInfo.InvariantCulture);
                copy.StartedAt = StartTime(long.Parse(fields[19], CultureInfo.InvariantCulture));
                copy.UserId = UserId(folder);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return process;
        }
    }

    /// <summary>The arguments of a command line as the kernel keeps it: a zero byte after each.</summary>
    internal static string[] SplitArguments(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line);
        return text.Length == 0 ? [] : (text[^1] == '\0' ? text[..^1] : text).Split('\0');
    }

    private static DateTimeOffset? StartTime(long ticks)
    {
        foreach (string line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan("btime ".Length), CultureInfo.InvariantCulture, out long boot))
            {
                return DateTimeOffset.FromUnixTimeSeconds(boot).AddSeconds((double)ticks / TicksPerSecond).ToLocalTime();
            }
        }

        return null;
    }

    private static long? UserId(string folder)
    {
        const string key = "Uid:\t";
        foreach (string line in File.ReadLines(Path.Combine(folder, "status")))
        {
            if (line.StartsWith(key, StringComparison.Ordinal))
            {
                return long.Parse(line[key.Length..].Split('\t')[0], CultureInfo.InvariantCulture);
            }
        }

        return null;
    }
}
