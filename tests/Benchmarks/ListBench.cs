using System.Globalization;
using System.Text.Json;
using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Listing images, and what the module costs before its first answer.</summary>
internal static class ListBench
{
    private const int Snapshots = 300;

    /// <summary>Of each image: a manifest, a config, and one more that a label keeps.</summary>
    private const int BlobsOfImage = 3;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        string many = $"many:{options.Images}";
        await using ContainerdRig rig = await ContainerdRig.StartAsync(
            options.Generation, new RigOptions { Seed = [many], SeedNamespace = "k8s.io" });
        Console.WriteLine(
            $"containerd {rig.Version}, {options.Images} images, {options.Rounds} rounds in turns after one that is not counted, "
                + $"{Environment.ProcessorCount} processors");

        _ = await FillAsync(options, rig.Address);
        var ctr = new List<double>();
        var usage = new List<double>();
        var cmdlet = new List<Dictionary<string, double>>();
        var bare = new List<double>();
        for (int round = 0; round <= options.Rounds; round++)
        {
            double list = await Run.TimeAsync(async () => _ = (await rig.CtrAsync("-n", "k8s.io", "images", "ls")).Check());
            double three = await Run.TimeAsync(async () =>
            {
                foreach (string words in new[] { "content ls", "snapshots usage", "images ls" })
                {
                    _ = (await rig.CtrAsync(["-n", "k8s.io", .. words.Split(' ')], CancellationToken.None)).Check();
                }
            });
            double start = await Run.TimeAsync(() => Run.ProgramAsync(options.PowerShell!, "-NoProfile", "-Command", "1"));
            Dictionary<string, double> measured = await MeasureCmdletsAsync(options, rig.Address, options.Images);
            if (round > 0)
            {
                ctr.Add(list);
                bare.Add(start);
                usage.Add(three);
                cmdlet.Add(measured);
            }
        }

        double Of(string key) => Table.Median(cmdlet.Select(round => round[key]));
        double ctrMedian = Table.Median(ctr);
        return
            [
                new Row($"list {options.Images} images, first call in a session", "ctr images ls", ctrMedian, Of("first"), Goal.Faster(5)),
                new Row($"list {options.Images} images, later calls", "ctr images ls", ctrMedian, Of("later"), Goal.Faster(25)),
                new Row("first image of the first call out of Get-CtrImage", "ctr images ls", ctrMedian, Of("object"), null),
                new Row(
                    string.Create(CultureInfo.InvariantCulture, $"import of the module, over {Table.Median(bare):0} ms of a bare pwsh -NoProfile"),
                    "-",
                    null,
                    Of("import"),
                    Goal.Under(45, "ms")),
                new Row("first Get-CtrImage of one image, connecting included", "-", null, Of("single"), Goal.Under(130, "ms")),
                new Row(
                    $"disk usage by owner of them, {options.Images * BlobsOfImage} blobs and {Snapshots} snapshots, first",
                    "ctr content ls, snapshots usage, images ls",
                    Table.Median(usage),
                    Of("usage"),
                    Goal.Under(2000, "ms")),
                new Row(
                    "the same, later", "ctr content ls, snapshots usage, images ls", Table.Median(usage), Of("usageLater"), Goal.Under(500, "ms")),
            ];
    }

    // A fresh pwsh each: what a runbook sees. The times are taken inside, so that pwsh's own start is not in them.
    private static async Task<Dictionary<string, double>> MeasureCmdletsAsync(Options options, string address, int count)
    {
        string script = string.Create(CultureInfo.InvariantCulture, $$"""
            $ErrorActionPreference = 'Stop'
            $env:CONTAINERD_ADDRESS = '{{address}}'
            $w = [Diagnostics.Stopwatch]::StartNew()
            Import-Module '{{options.Module}}'
            $import = $w.Elapsed.TotalMilliseconds; $w.Restart()
            $object = 0.0
            $n = 0
            Get-CtrImage -Namespace k8s.io | ForEach-Object { if ($n++ -eq 0) { $object = $w.Elapsed.TotalMilliseconds } }
            $first = $w.Elapsed.TotalMilliseconds
            if ($n -ne {{count}}) { throw "listed $n images" }
            $later = foreach ($i in 1..5) { $w.Restart(); $n = @(Get-CtrImage -Namespace k8s.io).Count; $w.Elapsed.TotalMilliseconds }
            @{ import = $import; object = $object; first = $first; later = ($later | Sort-Object)[2] } | ConvertTo-Json -Compress
            """);
        string single = $$"""
            $ErrorActionPreference = 'Stop'
            $env:CONTAINERD_ADDRESS = '{{address}}'
            Import-Module '{{options.Module}}'
            $w = [Diagnostics.Stopwatch]::StartNew()
            $null = Get-CtrImage many-0001:1 -Namespace k8s.io
            @{ single = $w.Elapsed.TotalMilliseconds } | ConvertTo-Json -Compress
            """;
        string usage = $$"""
            $ErrorActionPreference = 'Stop'
            $env:CONTAINERD_ADDRESS = '{{address}}'
            Import-Module '{{options.Module}}'
            $w = [Diagnostics.Stopwatch]::StartNew()
            $n = @(Get-CtrDiskUsage -Detailed -Namespace k8s.io).Count
            $first = $w.Elapsed.TotalMilliseconds
            if ($n -lt {{count + Snapshots}}) { throw "told of $n owners" }
            $later = foreach ($i in 1..5) { $w.Restart(); $null = @(Get-CtrDiskUsage -Detailed -Namespace k8s.io); $w.Elapsed.TotalMilliseconds }
            @{ usage = $first; usageLater = ($later | Sort-Object)[2] } | ConvertTo-Json -Compress
            """;
        var all = new Dictionary<string, double>();
        foreach (string text in new[] { script, single, usage })
        {
            string json = await Run.ProgramAsync(options.PowerShell!, "-NoProfile", "-NonInteractive", "-Command", text);
            foreach ((string key, double value) in JsonSerializer.Deserialize<Dictionary<string, double>>(json)!)
            {
                all[key] = value;
            }
        }

        return all;
    }

    private static Task<string> FillAsync(Options options, string address) => Run.ProgramAsync(
        options.PowerShell!,
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        $$"""
        $ErrorActionPreference = 'Stop'
        Import-Module '{{options.Module}}'
        $at = @{ Session = '{{address}}'; Namespace = 'k8s.io' }
        $null = 1..{{Snapshots}} | ForEach-Object { New-CtrSnapshot "bench-$_" @at }
        $blobs = @(Get-CtrContent @at).Count
        $null = ($blobs + 1)..{{options.Images * BlobsOfImage}} | ForEach-Object { Add-CtrContent -Value "bench-$_" @at }
        """);
}
