using System.Globalization;
using System.Text.RegularExpressions;

namespace CtrPS.Rig.Processes;

/// <summary>The mounts of this mount namespace, from proc_pid_mountinfo(5).</summary>
internal static partial class MountTable
{
    /// <summary>Mount points inside a folder, the innermost first.</summary>
    public static IReadOnlyList<string> Under(string folder) =>
        [.. File.ReadLines("/proc/self/mountinfo")
            .Select(line => Unescape(line.Split(' ')[4]))
            .Where(target => target.StartsWith(folder + "/", StringComparison.Ordinal))
            .Reverse()];

    private static string Unescape(string field) =>
        OctalEscape().Replace(field, match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex OctalEscape();
}
