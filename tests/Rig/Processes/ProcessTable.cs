namespace CtrPS.Rig.Processes;

/// <summary>A living process as /proc shows it. A zombie has no command line and does not count.</summary>
internal sealed record ProcessEntry(int Pid, IReadOnlyList<string> CommandLine)
{
    public string Program => Path.GetFileName(CommandLine[0]);

    /// <summary>The value after a flag such as <c>-address</c>, or null.</summary>
    public string? ValueOf(string flag) =>
        CommandLine.SkipWhile(argument => argument != flag).Skip(1).FirstOrDefault();

    /// <summary>What the open file descriptors point to; empty when the process is gone.</summary>
    public IReadOnlyList<string> OpenFiles()
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"/proc/{Pid}/fd")
                .Select(entry => new FileInfo(entry).LinkTarget).OfType<string>().Distinct()];
        }
        catch (IOException)
        {
            return [];
        }
    }
}

internal static class ProcessTable
{
    public static IReadOnlyList<ProcessEntry> Read() =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? ReadOne(pid) : null)
            .OfType<ProcessEntry>()];

    public static bool IsAlive(int pid) => ReadOne(pid) is not null;

    private static ProcessEntry? ReadOne(int pid)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0');
            return words.Length == 0 ? null : new ProcessEntry(pid, words.Split('\0'));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null; // ended meanwhile, or hidden from this user
        }
    }
}
