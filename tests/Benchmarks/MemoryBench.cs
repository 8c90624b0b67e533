using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Memory of pwsh while it moves 4 GiB: highest resident size less that of the idle session.</summary>
internal static class MemoryBench
{
    private const long Bytes = 4L << 30;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        try
        {
            string source = Path.Combine(folder, "source.tar");
            await BenchImage.WriteAsync(source, Bytes);
            await using ContainerdRig rig = await ContainerdRig.StartAsync(options.Generation, new RigOptions());
            Console.WriteLine($"containerd {rig.Version}, an image of 4 GiB in 8 layers, once each way");
            double import = await PeakAsync(options, rig, $"Import-CtrImage '{source}' -NoUnpack");
            double save = await PeakAsync(options, rig, $"Save-CtrImage bench:1 '{Path.Combine(folder, "target.tar")}'");
            return
            [
                new Row("memory over idle while saving 4 GiB", "-", null, save, "150 MiB", "MiB"),
                new Row("memory over idle while importing 4 GiB", "-", null, import, "150 MiB", "MiB"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> PeakAsync(Options options, ContainerdRig rig, string line)
    {
        await using Shell shell = await Shell.StartAsync(options, rig.Address);
        double idle = shell.PeakMemory;
        _ = await shell.RunAsync(line);
        return shell.PeakMemory - idle;
    }
}
