using System.Globalization;
using System.Text;

namespace CtrPS.Client.Posix;

/// <summary>What is mounted, as this process sees it (proc_pid_mountinfo(5)). Linux only; elsewhere it is empty.</summary>
internal sealed class MountTable
{
    private readonly ILookup<string, MountEntry> _byPath;

    private MountTable(string name, IEnumerable<MountEntry> entries)
    {
        Name = name;
        _byPath = entries.ToLookup(entry => entry.Path, StringComparer.Ordinal);
    }

    /// <summary>The mount namespace that it is of, such as <c>mnt:[4026531840]</c>.</summary>
    public string Name { get; }

    /// <summary>The table as it is now.</summary>
    public static MountTable Read() => OperatingSystem.IsLinux()
        ? new MountTable(
            new FileInfo("/proc/self/ns/mnt").LinkTarget ?? "", File.ReadLines("/proc/self/mountinfo").Select(Parse).OfType<MountEntry>())
        : new MountTable("", []);

    /// <summary>The table of a text, as the kernel writes it.</summary>
    public static MountTable Parse(IEnumerable<string> lines) => new("", lines.Select(Parse).OfType<MountEntry>());

    /// <summary>All that is mounted.</summary>
    public IEnumerable<MountEntry> All => _byPath.SelectMany(entries => entries);

    /// <summary>Whether something is mounted at a path.</summary>
    public bool Has(string path) => _byPath.Contains(path);

    /// <summary>What is mounted at a path; the last is on top.</summary>
    public IReadOnlyList<MountEntry> At(string path) => [.. _byPath[path]];

    private static MountEntry? Parse(string line)
    {
        // 36 35 98:0 /root /path rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        string[] fields = line.Split(' ');
        int end = Array.IndexOf(fields, "-");
        return end >= 6 && fields.Length > end + 2
            ? new MountEntry(
                Unescape(fields[4]),
                FileIdentity.ParseFileSystem(fields[2]),
                Unescape(fields[3]),
                fields[end + 1],
                [.. fields[5].Split(',')],
                [.. fields.Length > end + 3 ? fields[end + 3].Split(',').Select(Unescape) : []])
            : null;
    }

    /// <summary>Blanks, tabs, line ends and backslashes are written in octal.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var text = new StringBuilder(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && field.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                int code = field.AsSpan(i + 1, 3).ToArray().Aggregate(0, (sum, digit) => (sum * 8) + (digit - '0'));
                _ = text.Append((char)code);
                i += 3;
            }
            else
            {
                _ = text.Append(field[i]);
            }
        }

        return text.ToString();
    }
}

/// <summary>Something that is mounted.</summary>
/// <param name="Path">Where.</param>
/// <param name="FileSystem">The file system, by its device numbers.</param>
/// <param name="Root">Which folder of the file system is seen there.</param>
/// <param name="Type">The kind of file system.</param>
/// <param name="Flags">Options of the mount.</param>
/// <param name="Options">Options of the file system.</param>
internal sealed record MountEntry(
    string Path, ulong FileSystem, string Root, string Type, IReadOnlyList<string> Flags, IReadOnlyList<string> Options)
{
    /// <summary>Whether nothing can be written through it.</summary>
    public bool IsReadOnly => Flags.Contains("ro") || Options.Contains("ro");

    /// <summary>The names of an overlay's folders, bottom last, whichever way the kernel lists them.</summary>
    public IReadOnlyList<string> Lower =>
    [
        .. Options.Where(option => option.StartsWith("lowerdir", StringComparison.Ordinal))
            .SelectMany(option => option[(option.IndexOf('=', StringComparison.Ordinal) + 1)..].Split(':')),
    ];

    /// <summary>The value of an option. Null where it is not given.</summary>
    public string? Option(string name) => Options
        .FirstOrDefault(option => option.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    /// <summary>The path and the kind, for messages.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Type} at {Path}");
}
