using System.Globalization;
using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Many small images: what is paid for each image, and not for its bytes.</summary>
internal static class SmallBench
{
    private const string Namespace = "bench";

    /// <summary>Enough for the cmdlets to be compiled before they are measured.</summary>
    private const int WarmUp = 20;

    /// <summary>A round takes minutes, most of them those of ctr.</summary>
    private const int MaxRounds = 3;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        try
        {
            string few = await RigImages.ArchiveAsync(string.Create(CultureInfo.InvariantCulture, $"many:{WarmUp}"));
            string many = await RigImages.ArchiveAsync(string.Create(CultureInfo.InvariantCulture, $"many:{options.Images}"));
            int rounds = Math.Min(options.Rounds, MaxRounds);
            await using ContainerdRig rig = await ContainerdRig.StartAsync(options.Generation, new RigOptions());
            await using Shell shell = await Shell.StartAsync(options, rig.Address);
            Console.WriteLine(
                $"containerd {rig.Version}, {options.Images} small images, {rounds} rounds in turns after one of {WarmUp} images that is not "
                    + "counted");
            var ctr = new List<Times>();
            var cmdlet = new List<Times>();
            for (int round = 0; round <= rounds; round++)
            {
                (string archive, int count) = round == 0 ? (few, WarmUp) : (many, options.Images);
                Times theirs = await MeasureCtrAsync(rig, archive, Path.Combine(folder, "target.tar"));
                await CollectAsync(rig);
                Times ours = await MeasureCmdletsAsync(shell, archive, count, Path.Combine(folder, "target.tar"));
                await CollectAsync(rig);
                if (round > 0)
                {
                    ctr.Add(theirs);
                    cmdlet.Add(ours);
                }
            }

            Row Line(string work, string reference, Func<Times, double> of, Goal? goal) =>
                new(work, reference, Table.Median(ctr.Select(of)), Table.Median(cmdlet.Select(of)), goal);
            string images = $"{options.Images} small images";
            return
            [
                Line($"import {images}, not unpacked", "ctr images import --no-unpack", times => times.Import, Goal.Faster(3)),
                Line("import them again, unchanged", "ctr images import --no-unpack", times => times.Again, Goal.Faster(50)),
                Line($"save {images} into one archive", "ctr images export", times => times.Save, Goal.Faster(1)),
                Line($"check {images}", "ctr images check", times => times.Check, Goal.Faster(1)),
                Line($"remove {images}", "ctr images rm, all names at once", times => times.Remove, Goal.Faster(1)),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Times> MeasureCtrAsync(ContainerdRig rig, string archive, string target)
    {
        async Task<string> CtrAsync(params IEnumerable<string> words) =>
            (await rig.CtrAsync(["-n", Namespace, .. words], CancellationToken.None)).Check().Output;
        double import = await Run.TimeAsync(() => CtrAsync("images", "import", "--no-unpack", archive));
        double again = await Run.TimeAsync(() => CtrAsync("images", "import", "--no-unpack", archive));
        string[] names = (await CtrAsync("images", "ls", "-q")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        double save = await Run.TimeAsync(() => CtrAsync(["images", "export", target, .. names]));
        double check = await Run.TimeAsync(() => CtrAsync("images", "check"));
        double remove = await Run.TimeAsync(() => CtrAsync(["images", "rm", .. names]));
        return new Times(import, again, save, check, remove);
    }

    private static async Task<Times> MeasureCmdletsAsync(Shell shell, string archive, int count, string target)
    {
        // All counted, so that none is fast because it did less.
        Task<double> AllAsync(string line) =>
            shell.RunAsync(string.Create(CultureInfo.InvariantCulture, $"if (@({line}).Count -ne {count}) {{ throw 'not all' }}"));
        double import = await AllAsync($"Import-CtrImage '{archive}' -NoUnpack");
        double again = await AllAsync($"Import-CtrImage '{archive}' -NoUnpack");
        double save = await shell.RunAsync($"Get-CtrImage | Save-CtrImage -Path '{target}' -Force");
        double check = await AllAsync("Get-CtrImage | Test-CtrImage | Where-Object IsComplete");

        // As for ctr, the names are known.
        _ = await shell.RunAsync("$global:names = (Get-CtrImage).Name");
        double remove = await shell.RunAsync("Remove-CtrImage $global:names -Confirm:$false");
        _ = await shell.RunAsync("if (@(Get-CtrImage).Count) { throw 'some are left' }");
        return new Times(import, again, save, check, remove);
    }

    /// <summary>What is removed is gone before the next one imports it.</summary>
    private static async Task CollectAsync(ContainerdRig rig)
    {
        _ = (await rig.CtrAsync("-n", Namespace, "leases", "create", "--id", "collect")).Check();
        _ = (await rig.CtrAsync("-n", Namespace, "leases", "delete", "--sync", "collect")).Check();
    }

    private sealed record Times(double Import, double Again, double Save, double Check, double Remove);
}
