using System.Globalization;
using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>Files out of an image of 120 MB that is not unpacked: the first one, and the next.</summary>
internal static class FilesBench
{
    private const string Image = "docker.io/library/nginx:deb";
    private const string First = "etc/nginx/nginx.conf";
    private const string Next = "etc/nginx/mime.types";

    public static async Task<IReadOnlyList<Row>> MeasureAsync(Options options)
    {
        await using ContainerdRig rig = await ContainerdRig.StartAsync(options.Generation, new RigOptions());
        string archive = await RigImages.ArchiveAsync("nginx");
        await using Shell shell = await Shell.StartAsync(options, rig.Address);
        Console.WriteLine($"containerd {rig.Version}, files of nginx, {options.Rounds} rounds in turns after one that is not counted");
        string folder = Directory.CreateTempSubdirectory("ctrps-bench-").FullName;
        var times = (
            CtrFirst: new List<double>(), First: new List<double>(), CtrNext: new List<double>(), Next: new List<double>(),
            Podman: new List<double>());
        string[] podman = ["--root", Path.Join(folder, "podman"), "--runroot", Path.Join(folder, "podman-run"), "--storage-driver", "overlay"];
        try
        {
            // It copies files out of containers, and unpacks images when it gets them: that is not counted.
            _ = await PodmanAsync("load", "--quiet", "--input", archive);
            for (int round = 0; round <= options.Rounds; round++)
            {
                // A namespace of its own has nothing unpacked, a session of its own has read nothing.
                string name = string.Create(CultureInfo.InvariantCulture, $"bench-{round}");
                await CtrAsync(name, "images", "import", "--no-unpack", archive);
                _ = await shell.RunAsync(
                    $"Get-CtrSession | Disconnect-CtrSession; Connect-CtrSession '{rig.Address}' -Namespace {name}; Get-CtrImage");
                double first = await shell.RunAsync($"Copy-CtrImageFile {Image} /{First} {folder}/first -Force");
                double next = await shell.RunAsync($"Copy-CtrImageFile {Image} /{Next} {folder}/next -Force");
                double ctrFirst = await Run.TimeAsync(() => MountAsync(name, First));
                double ctrNext = await Run.TimeAsync(() => MountAsync(name, Next));
                double podmanNext = await Run.TimeAsync(CreateAsync);
                await CtrAsync(name, "images", "rm", "--sync", Image);
                if (round > 0)
                {
                    times.CtrFirst.Add(ctrFirst);
                    times.First.Add(first);
                    times.CtrNext.Add(ctrNext);
                    times.Next.Add(next);
                    times.Podman.Add(podmanNext);
                }
            }
        }
        finally
        {
            _ = await PodmanAsync("rmi", "--all", "--force");
            Directory.Delete(folder, recursive: true);
        }

        return
        [
            new Row(
                "first file of nginx, not unpacked", "ctr i mount, cp, i unmount", Table.Median(times.CtrFirst), Table.Median(times.First),
                Goal.Under(1000, "ms")),
            new Row("next file of it", "ctr i mount, cp, i unmount", Table.Median(times.CtrNext), Table.Median(times.Next), Goal.Under(50, "ms")),
            new Row("the same", "podman create, cp, rm", Table.Median(times.Podman), Table.Median(times.Next), Goal.Under(50, "ms")),
        ];

        async Task CtrAsync(string name, params string[] words) => _ = (await rig.CtrAsync(["-n", name, .. words])).Check();

        async Task<string> PodmanAsync(params string[] words) => (await Run.ProgramAsync("podman", [.. podman, .. words])).Trim();

        async Task CreateAsync()
        {
            string id = await PodmanAsync("create", Image);
            _ = await PodmanAsync("cp", $"{id}:/{Next}", Path.Join(folder, "podmans"));
            _ = await PodmanAsync("rm", id);
        }

        async Task MountAsync(string name, string file)
        {
            string target = Directory.CreateDirectory(Path.Join(folder, "mount")).FullName;
            await CtrAsync(name, "images", "mount", Image, target);
            try
            {
                _ = await Run.ProgramAsync("cp", Path.Join(target, file), Path.Join(folder, "theirs"));
            }
            finally
            {
                await CtrAsync(name, "images", "unmount", "--rm", target);
            }
        }
    }
}
