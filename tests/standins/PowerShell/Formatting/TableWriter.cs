using System.Management.Automation;

namespace CtrPS.StandIn.Formatting;

/// <summary>Writes objects as a table.</summary>
internal static class TableWriter
{
    public static IEnumerable<string> Lines(IReadOnlyList<Field> fields, IReadOnlyList<PSObject> objects, int line)
    {
        string[][] rows = [.. objects.Select(one => fields.Select(field => FirstLine(DisplayText.Of(field.Value(one), isTable: true))).ToArray())];

        // Where the first column has no width of its own, all columns are as wide as what is in them.
        int Needed(int i) => rows.Select(row => row[i].Length).Append(fields[i].Label.Length).Max();
        int[] wanted = [.. fields.Select((field, i) => fields[0].Width > 0 ? field.Width : Needed(i))];
        int[] widths = ColumnWidths.Fit(wanted, line);
        int last = fields.Count - 1;
        yield return Row([.. fields.Select(field => field.Label)], fields, widths, Array.FindLastIndex(widths, width => width > 0));
        yield return Row([.. fields.Select((field, i) => new string('-', Math.Min(field.Label.Length, widths[i])))], fields, widths, last);
        foreach (string[] row in rows)
        {
            yield return Row(row, fields, widths, last);
        }
    }

    /// <param name="cells">The texts.</param>
    /// <param name="fields">The columns.</param>
    /// <param name="widths">Their widths.</param>
    /// <param name="unpadded">The column that is not filled up with blanks. Where columns are left out, only the headings end without blanks.</param>
    private static string Row(string[] cells, IReadOnlyList<Field> fields, int[] widths, int unpadded) => string.Join(
        ' ',
        cells.Select((cell, i) => Cell(cell, widths[i], fields[i].Right, isLast: i == unpadded)).Where((_, i) => widths[i] > 0));

    private static string Cell(string text, int width, bool right, bool isLast)
    {
        string cut = text.Length <= width ? text
            : width <= 1 ? text[..width]
            : right ? "…" + text[^(width - 1)..]
            : text[..(width - 1)] + "…";
        return right ? cut.PadLeft(width) : isLast ? cut : cut.PadRight(width);
    }

    private static string FirstLine(string text) => text.IndexOfAny(['\r', '\n']) is var end and >= 0 ? text[..end] + "…" : text;
}
