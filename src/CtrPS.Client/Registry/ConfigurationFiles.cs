using System.Text;
using System.Text.RegularExpressions;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Registry;

/// <summary>
/// The files of a daemon's configuration in the order in which it takes them over (cmd/containerd/server/config): the one that it was started with,
/// then what that imports, then what these do. A later one wins. A daemon whose configuration names no imports reads none: the pattern that
/// <c>containerd config default</c> prints from 2.2 on counts only in a file.
/// </summary>
internal static partial class ConfigurationFiles
{
    private const int MaxFiles = 256;

    /// <summary>Reads them, each once, so that circles end.</summary>
    /// <param name="path">The first.</param>
    /// <param name="read">Reads one. Null: it does not count.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidHostsFile"/>: imports that are none, or too many.</exception>
    public static IEnumerable<(string Path, TomlMap Root)> Read(string path, Func<string, TomlMap?> read)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Queue<string>([Path.GetFullPath(path)]);
        while (pending.TryDequeue(out string? file))
        {
            if (!seen.Add(file) || read(file) is not { } root)
            {
                continue;
            }

            yield return (file, root);
            foreach (string import in Imports(file, root).Where(import => !seen.Contains(import)))
            {
                pending.Enqueue(import);
                if (seen.Count + pending.Count > MaxFiles)
                {
                    throw HostsFaults.File(file, $"imports too much: more than {MaxFiles} files are read for nobody");
                }
            }
        }
    }

    private static IEnumerable<string> Imports(string path, TomlMap root)
    {
        if (root.Exactly("imports") is not { } imports)
        {
            return [];
        }

        return (imports.Value as List<TomlNode> ?? throw HostsFaults.Line(path, imports.Line, imports.Key, "is no list of texts"))
            .SelectMany(one => Expand(
                Path.GetDirectoryName(path)!,
                one.Value as string ?? throw HostsFaults.Line(path, one.Line, one.Key, "is no text in quotes")));
    }

    /// <summary>The files of an import, in the order of their names (filepath.Glob, where there is an asterisk).</summary>
    private static IEnumerable<string> Expand(string folder, string import)
    {
        string full = Path.GetFullPath(Path.Combine(folder, import));
        if (!full.Contains('*'))
        {
            return [full];
        }

        string root = Path.GetPathRoot(full)!;
        IEnumerable<string> found = [root];
        foreach (string part in Path.GetRelativePath(root, full).Split(Path.DirectorySeparatorChar))
        {
            found = found.SelectMany(at => part.AsSpan().ContainsAny("*?[")
                ? Entries(at).Where(entry => Matches(part, Path.GetFileName(entry))).Order(StringComparer.Ordinal)
                : new[] { Path.Combine(at, part) }.Where(Path.Exists));
        }

        return found;
    }

    /// <summary>
    /// What is in a folder. None, as with filepath.Glob, where it is no folder or none any more, or cannot be listed; but the daemon is root, and
    /// lists what may be closed to us. Whether it can be listed only listing it tells: of a path with more than 20 links the kernel says now that it
    /// is there and now that there are too many, as it counts links twice when it has to begin anew.
    /// </summary>
    private static string[] Entries(string folder)
    {
        try
        {
            return FolderEntries.Of(folder);
        }
        catch (IOException)
        {
            return [];
        }
        catch (UnauthorizedAccessException e)
        {
            throw HostsFaults.File(folder, $"cannot be read: {e.Message}", e);
        }
    }

    private static bool Matches(string pattern, string name)
    {
        var expression = new StringBuilder();
        foreach (Match part in Parts().Matches(pattern))
        {
            expression.Append(part.Value switch
            {
                "*" => ".*",
                "?" => ".",
                ['[', .., ']'] => part.Value,
                _ => Regex.Escape(part.Groups["plain"].Value),
            });
        }

        try
        {
            return Regex.IsMatch(name, $@"\A(?:{expression})\z", RegexOptions.Singleline | RegexOptions.NonBacktracking);
        }
        catch (RegexParseException)
        {
            return false; // such as [z-a]: containerd would not start with it
        }
    }

    [GeneratedRegex(@"\*|\?|\[\^?[^\]\[\\]+\]|\\?(?<plain>.)", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Parts();
}
