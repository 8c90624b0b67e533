namespace CtrPS;

/// <summary>
/// The order of tags in which versions grow: numbers by their value (1.9 before 1.10), a version before what is added to it (1.9 before 1.9-alpine),
/// but after what comes before it (1.9-rc1 before 1.9). Tags that are no versions come first, by their letters.
/// </summary>
internal sealed class TagOrder : IComparer<string>
{
    public static readonly TagOrder Instance = new();

    private static readonly string[] Before = ["alpha", "beta", "canary", "dev", "nightly", "pre", "preview", "rc", "snapshot"];

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        if (x is null || y is null)
        {
            return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        }

        string left = Plain(x), right = Plain(y);
        int kind = IsVersion(left).CompareTo(IsVersion(right));
        int order = kind != 0 ? kind : Parts(left, right);
        return order != 0 ? order : string.CompareOrdinal(x, y);
    }

    private static string Plain(string tag) => tag is ['v' or 'V', >= '0' and <= '9', ..] ? tag[1..] : tag;

    private static bool IsVersion(string tag) => tag.Length > 0 && char.IsAsciiDigit(tag[0]);

    private static int Parts(string left, string right)
    {
        int l = 0, r = 0;
        while (l < left.Length && r < right.Length)
        {
            ReadOnlySpan<char> a = Part(left, ref l), b = Part(right, ref r);
            bool isNumber = char.IsAsciiDigit(a[0]), isOther = char.IsAsciiDigit(b[0]);
            int order = isNumber && isOther ? Numbers(a, b)
                : isNumber != isOther ? isNumber.CompareTo(isOther)
                : Words(a, b);
            if (order != 0)
            {
                return order;
            }
        }

        return l < left.Length ? (ComesBefore(left.AsSpan(l)) ? -1 : 1)
            : r < right.Length ? (ComesBefore(right.AsSpan(r)) ? 1 : -1)
            : 0;
    }

    /// <summary>As numbers of any length: what has more digits is larger.</summary>
    private static int Numbers(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        left = left.TrimStart('0');
        right = right.TrimStart('0');
        return left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.SequenceCompareTo(right);
    }

    /// <summary>What is before a version is also before all that is added to it.</summary>
    private static int Words(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int before = ComesBefore(right).CompareTo(ComesBefore(left));
        return before != 0 ? before : left.SequenceCompareTo(right);
    }

    private static bool ComesBefore(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart("-._");
        int end = rest.IndexOfAnyInRange('0', '9');
        ReadOnlySpan<char> word = (end < 0 ? rest : rest[..end]).TrimEnd("-._");
        foreach (string one in Before)
        {
            if (word.Equals(one, StringComparison.OrdinalIgnoreCase) || word.StartsWith(one + "-", StringComparison.OrdinalIgnoreCase)
                || word.StartsWith(one + ".", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<char> Part(string text, ref int at)
    {
        int start = at;
        bool isNumber = char.IsAsciiDigit(text[at]);
        while (at < text.Length && char.IsAsciiDigit(text[at]) == isNumber)
        {
            at++;
        }

        return text.AsSpan(start, at - start);
    }
}
