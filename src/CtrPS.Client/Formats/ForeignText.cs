using System.Globalization;
using System.Text;

namespace CtrPS.Client.Formats;

/// <summary>Text that comes from outside, made fit for a message: neither long enough to fill a screen nor able to steer a terminal.</summary>
internal static class ForeignText
{
    private const int MaxShown = 300;

    /// <summary>The text with control characters as <c>\u001b</c>, and the middle of a long one left out.</summary>
    public static string Show(string text)
    {
        const int Half = MaxShown / 2;
        return text.Length <= MaxShown
            ? Escape(text)
            : $"{Escape(text.AsSpan(0, Half))}... ({text.Length} characters) ...{Escape(text.AsSpan(text.Length - Half))}";
    }

    /// <summary>Whether the text has characters that could steer a terminal, or cannot be seen.</summary>
    public static bool Steers(string text) => text.Any(Steers);

    private static bool Steers(char one) => char.IsControl(one)
        || CharUnicodeInfo.GetUnicodeCategory(one) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Escape(ReadOnlySpan<char> text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (char one in text)
        {
            _ = Steers(one) ? shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)one:x4}") : shown.Append(one);
        }

        return shown.ToString();
    }
}
