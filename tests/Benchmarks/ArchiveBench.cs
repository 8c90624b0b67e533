using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Images into files and back, without unpacking.</summary>
internal static class ArchiveBench
{
    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        try
        {
            string source = Path.Combine(folder, "source.tar");
            string target = Path.Combine(folder, "target.tar");
            await BenchImage.WriteAsync(source, (long)options.Mebibytes << 20);
            await using ContainerdRig rig = await ContainerdRig.StartAsync(options.Generation, new RigOptions());
            await using Shell shell = await Shell.StartAsync(options, rig.Address);
            Console.WriteLine(
                $"containerd {rig.Version}, an image of {options.Mebibytes} MiB in 8 layers, {options.Rounds} rounds in turns after one that is "
                    + "not counted");
            Task<double> CtrAsync(params string[] words) => Run.TimeAsync(async () => _ = (await rig.CtrAsync(["-n", "bench", .. words])).Check());
            Task EmptyAsync() => CtrAsync("images", "rm", "--sync", BenchImage.Name);

            string[] works = ["export", "import", "reimport"];
            var ctr = works.ToDictionary(work => work, _ => new List<double>());
            var copy = new List<double>();
            var cmdlet = works.ToDictionary(work => work, _ => new List<double>());
            for (int round = 0; round <= options.Rounds; round++)
            {
                double import = await CtrAsync("images", "import", "--no-unpack", source);
                double again = await CtrAsync("images", "import", "--no-unpack", source);
                double export = await CtrAsync("images", "export", target, BenchImage.Name);
                await EmptyAsync();
                double ownImport = await shell.RunAsync($"Import-CtrImage '{source}' -NoUnpack");
                double ownAgain = await shell.RunAsync($"Import-CtrImage '{source}' -NoUnpack");
                double ownExport = await shell.RunAsync($"Save-CtrImage bench:1 '{target}' -Force");
                double cp = await Run.TimeAsync(() => Run.ProgramAsync("cp", target, target + ".copy"));
                await EmptyAsync();
                copy.AddRange(round == 0 ? [] : [cp]);
                var times = new[] { ("export", export, ownExport), ("import", import, ownImport), ("reimport", again, ownAgain) };
                foreach ((string work, double theirs, double ours) in times.Skip(round == 0 ? times.Length : 0))
                {
                    ctr[work].Add(theirs);
                    cmdlet[work].Add(ours);
                }
            }

            Row Line(string work, string words, string reference, Goal goal) =>
                new(words, reference, Table.Median(ctr[work]), Table.Median(cmdlet[work]), goal);
            string size = $"{options.Mebibytes} MiB in 8 layers";
            return
            [
                Line("export", $"save {size}", "ctr images export", Goal.Faster(4)),
                new Row($"save {size}", "cp of the same bytes", Table.Median(copy), Table.Median(cmdlet["export"]), Goal.AtMost(1.4)),
                Line("import", $"import {size}, not unpacked", "ctr images import --no-unpack", Goal.Faster(2.5)),
                Line("reimport", "import it again, unchanged", "ctr images import --no-unpack", Goal.Faster(100)),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
