using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace CtrPS;

/// <summary>Text that comes from outside, made fit to be shown: neither long enough to fill a screen nor able to steer a terminal.</summary>
internal static class ForeignText
{
    private const int MaxShown = 300;

    /// <summary>
    /// The text with what a terminal obeys or does not show as <c>\u001b</c>: control characters (C0, DEL, C1), marks that turn the direction of
    /// writing, what has no width, ends of lines. Text that has none comes back as it is.
    /// </summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Escape(string? text) => Escape(text, static _ => false);

    /// <summary><see cref="Escape(string?)"/> for text that may have lines and tabs.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? EscapeLines(string? text) => Escape(text, static rune => rune.Value is '\n' or '\r' or '\t');

    /// <summary>Whether the text has characters that could steer a terminal, or cannot be seen.</summary>
    public static bool Steers(string text) => text.EnumerateRunes().Any(Steers);

    /// <summary><see cref="Escape(string?)"/>, and the middle of a long text left out.</summary>
    public static string Show(string text)
    {
        const int Half = MaxShown / 2;
        return text.Length <= MaxShown ? Escape(text) : $"{Escape(text[..Half])}... ({text.Length} characters) ...{Escape(text[^Half..])}";
    }

    private static string? Escape(string? text, Func<Rune, bool> passes)
    {
        if (text is null || !text.EnumerateRunes().Any(rune => Steers(rune) && !passes(rune)))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = !Steers(rune) || passes(rune) ? shown.Append(rune.ToString())
                : rune.IsBmp ? shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : shown.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return shown.ToString();
    }

    private static bool Steers(Rune rune) => !rune.IsAscii
        ? Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator
        : rune.Value is < 0x20 or 0x7f;
}
