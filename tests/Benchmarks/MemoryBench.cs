using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Memory of pwsh while it moves much: highest resident size less that of the idle session.</summary>
internal static class MemoryBench
{
    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        try
        {
            string source = Path.Combine(folder, "source.tar");
            string target = Path.Combine(folder, "target.tar");
            await BenchImage.WriteAsync(source, (long)options.Gibibytes << 30);
            await using ContainerdRig rig = await ContainerdRig.StartAsync(options.Generation, new RigOptions());
            await using RegistryRig registry = await RegistryRig.StartAsync();
            await using var forwarder = new Forwarder(rig.Address);
            Console.WriteLine($"containerd {rig.Version}, an image of {options.Gibibytes} GiB in 8 layers, once each way, by its socket and by TCP");
            var rows = new List<Row>();
            foreach ((string words, string address) in new[] { ("its socket", rig.Address), ("TCP", forwarder.Address) })
            {
                double import = await PeakAsync(options, address, $"Import-CtrImage '{source}' -NoUnpack");
                double save = await PeakAsync(options, address, $"Save-CtrImage bench:1 '{target}' -Force");
                string remote = $"{registry.Address}/bench/{words.Split(' ')[^1].ToLowerInvariant()}:1"; // each way sends to where nothing is
                double send = await PeakAsync(options, address, $"Send-CtrImage bench:1 {remote}");
                _ = (await rig.CtrAsync("-n", "bench", "images", "rm", "--sync", BenchImage.Name)).Check();
                double receive = await PeakAsync(options, address, $"Receive-CtrImage {remote} -NoUnpack");
                _ = (await rig.CtrAsync("-n", "bench", "images", "rm", "--sync", remote)).Check();
                rows.Add(Line($"sending {options.Gibibytes} GiB by {words}", send));
                rows.Add(Line($"receiving {options.Gibibytes} GiB by {words}", receive));
                rows.Add(Line($"saving {options.Gibibytes} GiB by {words}", save));
                rows.Add(Line($"importing {options.Gibibytes} GiB by {words}", import));
            }

            return rows;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Row Line(string work, double peak) => new($"memory over idle while {work}", "-", null, peak, Goal.Under(80, "MiB"), "MiB");

    private static async Task<double> PeakAsync(Options options, string address, string line)
    {
        await using Shell shell = await Shell.StartAsync(options, address);
        double idle = shell.PeakMemory;
        double time = await shell.RunAsync(line);
        Console.WriteLine($"{address}: {line}: {shell.PeakMemory - idle:0} MiB over {idle:0} MiB, {time:0} ms");
        return shell.PeakMemory - idle;
    }
}
