using System.Text.RegularExpressions;

namespace CtrPS.Rig.Provisioning;

/// <summary>
/// Where this machine gets Debian from: the first enabled binary source that carries the machine's own release, read from apt's
/// configuration in either format (sources.list(5)). Other suites are asked of the same place with the same key.
/// </summary>
internal sealed partial record DebianSource(string Uri, string Codename, string? SignedBy)
{
    private const string AptFolder = "/etc/apt";

    public static DebianSource OfThisMachine()
    {
        if (!File.Exists("/etc/os-release") || !Directory.Exists(AptFolder))
        {
            throw new RigUnavailableException("this is no Debian: there is no /etc/os-release or no /etc/apt");
        }

        var release = File.ReadLines("/etc/os-release").Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1].Trim('"'));
        if (release.GetValueOrDefault("ID") != "debian" || !release.TryGetValue("VERSION_CODENAME", out var codename))
        {
            throw new RigUnavailableException($"this is no Debian release but '{release.GetValueOrDefault("PRETTY_NAME")}'");
        }

        var parts = Path.Combine(AptFolder, "sources.list.d");
        var files = new[] { Path.Combine(AptFolder, "sources.list") }.Where(File.Exists)
            .Concat(Directory.Exists(parts) ? Directory.GetFiles(parts).Order(StringComparer.Ordinal) : []);
        return files.SelectMany(file => Parse(File.ReadAllText(file), file.EndsWith(".sources", StringComparison.Ordinal), codename))
            .FirstOrDefault()
            ?? throw new RigUnavailableException($"apt's sources name none for Debian {codename}");
    }

    /// <summary>The source as a deb822 stanza for one suite.</summary>
    public string ToStanza(string suite) =>
        $"Types: deb\nURIs: {Uri}\nSuites: {suite}\nComponents: main\n" + (SignedBy is null ? "" : $"Signed-By: {SignedBy}\n");

    internal static IEnumerable<DebianSource> Parse(string text, bool isDeb822, string codename) =>
        isDeb822 ? ParseStanzas(text, codename) : ParseLines(text, codename);

    private static IEnumerable<DebianSource> ParseStanzas(string text, string codename)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').Where(line => !line.StartsWith('#'));
        foreach (var stanza in BlankLines().Split(string.Join('\n', lines)))
        {
            // A field goes on in lines that begin with white space; a key may be given inline that way.
            var fields = FieldStart().Split(stanza).Select(field => field.Split(':', 2)).Where(pair => pair.Length == 2)
                .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);
            if (Words(fields, "Types").Contains("deb")
                && Words(fields, "Suites").Contains(codename)
                && Words(fields, "URIs").FirstOrDefault() is { } uri
                && !string.Equals(fields.GetValueOrDefault("Enabled"), "no", StringComparison.OrdinalIgnoreCase))
            {
                yield return new DebianSource(uri, codename, fields.GetValueOrDefault("Signed-By"));
            }
        }
    }

    private static IEnumerable<DebianSource> ParseLines(string text, string codename)
    {
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var match = OneLine().Match(line);
            if (match.Success && match.Groups["suite"].Value == codename)
            {
                var signedBy = SignedByOption().Match(match.Groups["options"].Value);
                yield return new DebianSource(match.Groups["uri"].Value, codename, signedBy.Success ? signedBy.Groups[1].Value : null);
            }
        }
    }

    private static string[] Words(Dictionary<string, string> fields, string name) =>
        fields.GetValueOrDefault(name, "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\n\s*\n")]
    private static partial Regex BlankLines();

    [GeneratedRegex(@"\n(?=\S)")]
    private static partial Regex FieldStart();

    [GeneratedRegex(@"^\s*deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)")]
    private static partial Regex OneLine();

    [GeneratedRegex(@"(?:^|\s)signed-by=(\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex SignedByOption();
}
