using System.Globalization;
using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>The life of a container, and lists of many.</summary>
internal static class ContainerBench
{
    private const string Image = "docker.io/library/busybox:1.35";
    private const string Namespace = "bench";
    private const int Containers = 400;
    private const int Running = 20;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        await using ContainerdRig rig = await ContainerdRig.StartAsync(
            options.Generation, new RigOptions { Seed = ["busybox"], SeedNamespace = Namespace });
        await using Shell shell = await Shell.StartAsync(options, rig.Address);
        Console.WriteLine($"containerd {rig.Version}, containers of busybox, {options.Rounds} rounds in turns after one that is not counted");
        async Task CtrAsync(params string[] words) => _ = (await rig.CtrAsync(["-n", Namespace, .. words])).Check();

        (List<double> ctr, List<double> cmdlet) life = await TurnsAsync(
            options,
            async id =>
            {
                await CtrAsync("run", "--detach", "--null-io", Image, id, "sleep", "1000");
                await CtrAsync("tasks", "exec", "--exec-id", "e", id, "true");
                await CtrAsync("tasks", "kill", "--signal", "SIGKILL", id);
                await CtrAsync("tasks", "rm", "--force", id);
                await CtrAsync("containers", "rm", id);
            },
            id => $"New-CtrContainer {Image} {id} sleep, 1000 | Start-CtrTask | Out-Null; Invoke-CtrCommand {id} true; "
                + $"Send-CtrSignal {id} KILL; $null = Wait-CtrTask {id}; Remove-CtrContainer {id} -Confirm:$false",
            shell);

        _ = await shell.RunAsync(
            $"1..{Containers} | ForEach-Object {{ $null = New-CtrContainer {Image} \"bench-list-$_\" sleep, 1000 }}; 1..{Running} | ForEach-Object "
                + $"{{ $null = Start-CtrTask \"bench-list-$_\" }}");
        (List<double> ctr, List<double> cmdlet) list = await TurnsAsync(
            options,
            async _ =>
            {
                await CtrAsync("containers", "ls");
                await CtrAsync("tasks", "ls");
            },
            _ => string.Create(CultureInfo.InvariantCulture, $"if (@(Get-CtrContainer).Count -ne {Containers}) {{ throw 'not all' }}"),
            shell);
        _ = await shell.RunAsync("Get-CtrContainer | Remove-CtrContainer -Force");
        return
        [
            new Row(
                "create, start, exec, kill and remove a container",
                "ctr run -d, t exec, t kill, t rm, c rm",
                Table.Median(life.ctr),
                Table.Median(life.cmdlet),
                Goal.Faster(1.5)),
            new Row(
                $"list {Containers} containers with their states, {Running} of them running",
                "ctr c ls and ctr t ls",
                Table.Median(list.ctr),
                Table.Median(list.cmdlet),
                Goal.Faster(1)),
        ];
    }

    private static async Task<(List<double> Ctr, List<double> Cmdlet)> TurnsAsync(
        Options options, Func<string, Task> ctr, Func<string, string> line, Shell shell)
    {
        (List<double> ctr, List<double> cmdlet) times = ([], []);
        for (int round = 0; round <= options.Rounds; round++)
        {
            string id = $"bench-{Guid.NewGuid():N}"[..16];
            double theirs = await Run.TimeAsync(() => ctr(id + "c"));
            double ours = await shell.RunAsync(line(id + "p"));
            if (round > 0)
            {
                times.ctr.Add(theirs);
                times.cmdlet.Add(ours);
            }
        }

        return times;
    }
}
