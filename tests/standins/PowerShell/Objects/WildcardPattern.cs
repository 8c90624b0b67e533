using System.Text;
using System.Text.RegularExpressions;

namespace System.Management.Automation;

[Flags]
public enum WildcardOptions
{
    None = 0,
    Compiled = 1,
    IgnoreCase = 2,
    CultureInvariant = 4,
}

/// <summary>A pattern with *, ?, [a-z] and the backtick that takes their meaning away.</summary>
public sealed class WildcardPattern
{
    private readonly string _pattern;
    private readonly WildcardOptions _options;
    private Regex? _regex;

    public WildcardPattern(string pattern, WildcardOptions options = WildcardOptions.None)
    {
        _pattern = pattern;
        _options = options;
    }

    public static WildcardPattern Get(string pattern, WildcardOptions options) => new(pattern, options);

    public static bool ContainsWildcardCharacters(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] is '*' or '?' or '[' or ']')
            {
                return true;
            }

            i += pattern[i] == '`' ? 1 : 0;
        }

        return false;
    }

    /// <exception cref="WildcardPatternException">A bracket is not closed.</exception>
    public bool IsMatch(string input) => (_regex ??= ToRegex()).IsMatch(input);

    private Regex ToRegex()
    {
        var text = new StringBuilder("^");
        for (int i = 0; i < _pattern.Length; i++)
        {
            switch (_pattern[i])
            {
                case '*':
                    text.Append(".*");
                    break;
                case '?':
                    text.Append('.');
                    break;
                case '[':
                    int end = _pattern.IndexOf(']', Math.Min(i + 2, _pattern.Length));
                    string set = end < 0 ? throw new WildcardPatternException(_pattern) : _pattern[(i + 1)..end];
                    set = set.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("^", @"\^", StringComparison.Ordinal);
                    text.Append('[').Append(set).Append(']');
                    i = end;
                    break;
                case '`' when i + 1 < _pattern.Length:
                    text.Append(Regex.Escape(_pattern[++i].ToString()));
                    break;
                default:
                    text.Append(Regex.Escape(_pattern[i].ToString()));
                    break;
            }
        }

        RegexOptions ignoreCase = _options.HasFlag(WildcardOptions.IgnoreCase) ? RegexOptions.IgnoreCase : RegexOptions.None;
        return new Regex(text.Append("\\z").ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant | ignoreCase);
    }
}
