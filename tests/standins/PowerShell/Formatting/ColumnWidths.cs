namespace CtrPS.StandIn.Formatting;

/// <summary>
/// Fits columns into a line by PowerShell's rule: columns without a width share what is left; what does not fit is cut from the right.
/// </summary>
internal static class ColumnWidths
{
    /// <param name="wanted">The widths; 0: none given.</param>
    /// <param name="line">Width of the line.</param>
    /// <returns>The widths; 0: the column is left out.</returns>
    public static int[] Fit(IReadOnlyList<int> wanted, int line)
    {
        int[] widths = [.. wanted.Select(width => Math.Max(width, 1))];
        int free = line - Total(widths);
        int[] open = [.. Enumerable.Range(0, widths.Length).Where(i => wanted[i] == 0)];
        for (int i = 0; open.Length > 0 && free > 0; i = (i + 1) % open.Length, free--)
        {
            widths[open[i]]++;
        }

        for (int last = widths.Length - 1; last >= 0 && Total(widths) > line; last--)
        {
            widths[last] = Math.Max(0, widths[last] - (Total(widths) - line));
        }

        return widths;
    }

    private static int Total(int[] widths) => widths.Sum() + widths.Count(width => width > 0) - 1;
}
