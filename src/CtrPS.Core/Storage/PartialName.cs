using System.Security.Cryptography;
using System.Text;

namespace CtrPS;

/// <summary>
/// The name of a file that becomes another once it is whole: <c>name.random.partial</c> beside it, locked while its process lives. What a process
/// left that was killed is not locked: the next one that writes the same file takes it away, and Clear-CtrLeftover -Path finds it.
/// </summary>
internal static class PartialName
{
    private const string Suffix = ".partial";
    private const int RandomBytes = 4;

    /// <summary>Bytes of the longest name on Linux (NAME_MAX).</summary>
    private const int Longest = 255;

    // The dot and the digits before the suffix.
    private const int TailLength = 1 + (2 * RandomBytes);

    /// <summary>A new name for a file of this name (no path). The beginning is cut where it were too long.</summary>
    public static string Make(string name) => $"{Cut(name)}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}{Suffix}";

    /// <summary>Whether a name (no path) has this form.</summary>
    public static bool Is(string name) => StemOf(name) is not null;

    /// <summary>Whether a name (no path) is such a one of a file of this name.</summary>
    public static bool IsOf(string partial, string name) => StemOf(partial) == Cut(name);

    private static string? StemOf(string name)
    {
        int end = name.Length - Suffix.Length - TailLength;
        return end > 0
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && name[end] == '.'
            && name[(end + 1)..(end + TailLength)].All(char.IsAsciiHexDigitLower)
                ? name[..end]
                : null;
    }

    private static string Cut(string name)
    {
        int length = name.Length;
        while (Encoding.UTF8.GetByteCount(name.AsSpan(0, length)) > Longest - TailLength - Suffix.Length)
        {
            length--;
        }

        return name[..length];
    }
}
