using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Images from and to a registry on this machine: with unpacking, and to where nothing or everything is.</summary>
internal static class RegistryBench
{
    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        try
        {
            await using RegistryRig registry = await RegistryRig.StartAsync();
            await using ContainerdRig rig = await ContainerdRig.StartAsync(options.Generation, new RigOptions());
            await using Shell shell = await Shell.StartAsync(options, rig.Address);
            Console.WriteLine($"containerd {rig.Version}, a registry by plain HTTP, {options.Rounds} rounds in turns after one that is not counted");
            Task<double> CtrAsync(params string[] words) => Run.TimeAsync(async () => _ = (await rig.CtrAsync(["-n", "bench", .. words])).Check());
            async Task EmptyAsync()
            {
                string names = (await rig.CtrAsync("-n", "bench", "images", "ls", "-q")).Check().Output;
                foreach (string name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    _ = await CtrAsync("images", "rm", "--sync", name);
                }
            }

            string size = $"{options.Mebibytes} MiB";
            string eight = Path.Combine(folder, "eight.tar");
            string one = Path.Combine(folder, "one.tar");
            await BenchImage.WriteAsync(eight, (long)options.Mebibytes << 20);
            await BenchImage.WriteAsync(one, (long)options.Mebibytes << 20, count: 1);
            var images = new List<(string Words, string Name, Goal Goal)>
            {
                ("a real nginx, gzip", await registry.PushAsync("nginx"), Goal.Faster(1.5)),
                ($"{size} in 8 layers", $"{registry.Address}/bench/eight:1", Goal.Faster(1.5)),
                ($"{size} in one layer", $"{registry.Address}/bench/one:1", Goal.Faster(1.3)),
            };
            foreach ((string archive, string name) in new[] { (eight, images[1].Name), (one, images[2].Name) })
            {
                _ = await CtrAsync("images", "import", "--no-unpack", archive);
                _ = await CtrAsync("images", "push", "--plain-http", name, BenchImage.Name);
                await EmptyAsync();
            }

            string[][] ways = options.Generation == Generation.V2 ? [[], ["--local"]] : [[]];
            var rows = new List<Row>();
            foreach ((string words, string name, Goal goal) in images)
            {
                var theirs = ways.Select(_ => new List<double>()).ToList();
                var ours = new List<double>();
                for (int round = 0; round <= options.Rounds; round++)
                {
                    for (int way = 0; way < ways.Length; way++)
                    {
                        double pull = await CtrAsync(["images", "pull", "--plain-http", .. ways[way], name]);
                        theirs[way].AddRange(round == 0 ? [] : [pull]);
                        await EmptyAsync();
                    }

                    double receive = await shell.RunAsync($"Receive-CtrImage {name}");
                    ours.AddRange(round == 0 ? [] : [receive]);
                    await EmptyAsync();
                }

                rows.AddRange(ways.Select((way, i) => new Row(
                    $"pull {words}, unpacked", string.Join(' ', ["ctr images pull", .. way]), Table.Median(theirs[i]), Table.Median(ours), goal)));
            }

            rows.AddRange(await PushAsync());
            return rows;

            // Both begin without the labels that would have blobs mounted, and in a repository that nobody has pushed to.
            async Task<IReadOnlyList<Row>> PushAsync()
            {
                var theirs = (New: new List<double>(), Again: new List<double>());
                var ours = (New: new List<double>(), Again: new List<double>());
                for (int round = 0; round <= options.Rounds; round++)
                {
                    string target = $"{registry.Address}/bench/push-{round}";
                    _ = await CtrAsync("images", "import", "--no-unpack", eight);
                    double first = await CtrAsync("images", "push", "--plain-http", target + "-ctr:1", BenchImage.Name);
                    double again = await CtrAsync("images", "push", "--plain-http", target + "-ctr:1", BenchImage.Name);
                    await EmptyAsync();
                    _ = await CtrAsync("images", "import", "--no-unpack", eight);
                    double ownFirst = await shell.RunAsync($"Send-CtrImage bench:1 {target}-own:1");
                    double ownAgain = await shell.RunAsync($"Send-CtrImage bench:1 {target}-own:1");
                    await EmptyAsync();
                    if (round > 0)
                    {
                        theirs.New.Add(first);
                        theirs.Again.Add(again);
                        ours.New.Add(ownFirst);
                        ours.Again.Add(ownAgain);
                    }
                }

                return
                [
                    new Row(
                        $"push {size} in 8 layers, nothing there",
                        "ctr images push",
                        Table.Median(theirs.New),
                        Table.Median(ours.New),
                        Goal.Faster(1.5)),
                    new Row("push it again", "ctr images push", Table.Median(theirs.Again), Table.Median(ours.Again), Goal.Faster(20)),
                ];
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
