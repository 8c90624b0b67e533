using CtrPS.Benchmarks;

// Side by side with ctr: same daemon, same work, in turns, medians and ratios. Nothing is asserted: the table is for people to judge.
// Arguments: [--only list,container,archive,files,registry,small,memory] [--rounds N] [--images N] [--mib N] [--gib N] [--generation 1.6|1.7|2]
// [--pwsh PATH] [--module PATH of CtrPS.psd1]
Options options = Options.Parse(args);
if (options.PowerShell is null)
{
    Console.WriteLine("No PowerShell 7.6 here: the cmdlets cannot be measured. Nothing was run.");
    return 0;
}

var parts = new (string Name, Func<Options, Task<IReadOnlyList<Row>>> Measure)[]
{
    ("list", ListBench.MeasureAsync),
    ("container", ContainerBench.MeasureAsync),
    ("archive", ArchiveBench.MeasureAsync),
    ("files", FilesBench.MeasureAsync),
    ("registry", RegistryBench.MeasureAsync),
    ("small", SmallBench.MeasureAsync),
    ("memory", MemoryBench.MeasureAsync),
};
var rows = new List<Row>();
var wanted = parts.Where(part => options.Only.Count == 0 || options.Only.Contains(part.Name));
try
{
    foreach ((string _, Func<Options, Task<IReadOnlyList<Row>>> measure) in wanted)
    {
        rows.AddRange(await measure(options));
    }
}
finally
{
    // What was measured is shown, too, when a later part fails.
    Table.Print(rows);
}

return 0;
