using System.Globalization;

namespace CtrPS.Benchmarks;

/// <summary>A line of the table. Times in milliseconds, unless the unit says otherwise.</summary>
/// <param name="Work">What was done.</param>
/// <param name="Reference">What it is compared with.</param>
/// <param name="ReferenceTime">Median of the reference. Null where there is none.</param>
/// <param name="Time">Median of ours.</param>
/// <param name="Goal">What is to be reached. Null: nothing was set.</param>
/// <param name="Unit">Of the figures.</param>
internal sealed record Row(string Work, string Reference, double? ReferenceTime, double Time, Goal? Goal, string Unit = "ms")
{
    public override string ToString()
    {
        string theirs = ReferenceTime is { } reference ? Figure(reference) : "-";
        string ratio = ReferenceTime is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time / Time:0.0#}x") : "-";
        string met = Goal is null ? "-" : Goal.IsMet(ReferenceTime, Time) ? "yes" : "no";
        return $"| {Work} | {Figure(Time)} | {Reference} | {theirs} | {ratio} | {Goal?.Words ?? "-"} | {met} |";
    }

    private string Figure(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0} {Unit}");
}

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
        Console.WriteLine("| work | ours | compared with | its time | ratio | to reach | met |");
        Console.WriteLine("|---|---:|---|---:|---:|---|---|");
        foreach (Row row in rows)
        {
            Console.WriteLine(row);
        }
    }
}
