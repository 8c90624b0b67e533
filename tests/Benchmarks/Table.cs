using System.Globalization;

namespace CtrPS.Benchmarks;

/// <summary>A line of the table. Times in milliseconds, unless the unit says otherwise.</summary>
/// <param name="Work">What was done.</param>
/// <param name="Reference">What it is compared with.</param>
/// <param name="ReferenceTime">Median of the reference. Null where there is none.</param>
/// <param name="Time">Median of ours.</param>
/// <param name="Goal">What is to be reached.</param>
/// <param name="Unit">Of the figures.</param>
internal sealed record Row(string Work, string Reference, double? ReferenceTime, double Time, string Goal, string Unit = "ms");

/// <summary>Prints rows as a markdown table, as it stands in docs/benchmarks.md.</summary>
internal static class Table
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static void Print(IReadOnlyList<Row> rows)
    {
        Console.WriteLine("| work | compared with | its median | CtrPS's median | ratio | to reach |");
        Console.WriteLine("|---|---|---:|---:|---:|---|");
        foreach (Row row in rows)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Work} | {row.Reference} | {(row.ReferenceTime is { } reference ? string.Create(CultureInfo.InvariantCulture, $"{reference:0} {row.Unit}") : "-")} | {row.Time:0} {row.Unit} | {(row.ReferenceTime is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time / row.Time:0.0}x") : "-")} | {row.Goal} |"));
        }
    }
}
