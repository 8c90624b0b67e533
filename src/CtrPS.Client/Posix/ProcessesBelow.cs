using System.Globalization;

namespace CtrPS.Client.Posix;

/// <summary>Which processes use what is below a folder, as far as /proc tells this user. Linux only.</summary>
internal static class ProcessesBelow
{
    /// <summary>Named at most: who looks for one to end has enough with a few.</summary>
    private const int Most = 5;

    /// <summary>The processes whose working folder, root, program or open files are below a folder: "1234 (bash)".</summary>
    public static IReadOnlyList<string> Find(string folder)
    {
        var found = new List<string>();
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(path => Path.GetFileName(path).All(char.IsAsciiDigit)))
        {
            try
            {
                if (Links(process).Any(IsBelow))
                {
                    string name = File.ReadAllText(Path.Join(process, "comm")).TrimEnd('\n');
                    found.Add(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(process)} ({ForeignText.Show(name)})"));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // it ended meanwhile, or hides what it has open
            }

            if (found.Count == Most)
            {
                break;
            }
        }

        return found;

        bool IsBelow(string? target) => target is not null
            && (target == folder || target.StartsWith(folder + "/", StringComparison.Ordinal));
    }

    private static IEnumerable<string?> Links(string process)
    {
        foreach (string link in new[] { "cwd", "root", "exe" })
        {
            yield return new FileInfo(Path.Join(process, link)).LinkTarget;
        }

        foreach (string open in Directory.EnumerateFileSystemEntries(Path.Join(process, "fd")))
        {
            yield return new FileInfo(open).LinkTarget;
        }
    }
}
