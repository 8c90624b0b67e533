using System.ComponentModel;
using System.Text.Json;
using CtrPS.Rig.Processes;

namespace CtrPS.Rig;

/// <summary>
/// Takes away everything that hangs on a rig folder: daemons and shims, containers, mounts, sockets and FIFOs that shims keep in
/// containerd's fixed folder, cgroups, and the folder. Works from what is on disk and in /proc alone, so that it serves a living
/// owner and an abandoned folder alike.
/// </summary>
internal static class RigCleaner
{
    private const string TaskPlugin = "io.containerd.runtime.v2.task";
    private const string SharedFolder = "/run/containerd"; // shims and ctr use it whatever --state says (containerd: defaults, pkg/shim)
    private const string CgroupRoot = "/sys/fs/cgroup";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShimPatience = TimeSpan.FromSeconds(20);

    public static async Task CleanAsync(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var problems = new List<string>();

        // The daemons first: a living one would start shims for what we take away.
        await EndAsync(OwnProcesses(folder, isShim: false), Posix.SignalTerm);
        var shims = OwnProcesses(folder, isShim: true);
        var pipes = shims.SelectMany(shim => shim.OpenFiles())
            .Where(file => file.StartsWith(SharedFolder + "/fifo/", StringComparison.Ordinal)).Distinct().ToList();
        await EndAsync(shims, Posix.SignalKill);

        var tasks = Path.Combine(folder, "state", TaskPlugin);
        foreach (var bundle in SubFolders(tasks).SelectMany(SubFolders))
        {
            await AttemptAsync(problems, () => DeleteTaskAsync(folder, bundle));
        }

        foreach (var target in MountTable.Under(folder))
        {
            await AttemptAsync(problems, () => Task.Run(() => Posix.DetachMount(target)));
        }

        foreach (var pipe in pipes.Where(File.Exists))
        {
            File.Delete(pipe);
            Posix.RemoveEmptyDirectory(Path.GetDirectoryName(pipe)!);
        }

        var namespaces = SubFolders(Path.Combine(folder, "root", TaskPlugin)).Concat(SubFolders(tasks))
            .Select(Path.GetFileName).OfType<string>().Distinct().ToList();
        await AttemptAsync(problems, async () => (await Command.RunAsync("rm", ["-rf", "--one-file-system", "--", folder])).Check());
        RemoveSharedFolders(namespaces);
        if (problems.Count > 0)
        {
            throw new InvalidOperationException($"'{folder}' could not be cleaned wholly: {string.Join("; ", problems)}");
        }
    }

    /// <summary>One failed step must not keep the others from their work; all failures are thrown together at the end.</summary>
    private static async Task AttemptAsync(List<string> problems, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception failure) when (failure is InvalidOperationException or Win32Exception or IOException or OperationCanceledException)
        {
            problems.Add(failure.Message);
        }
    }

    /// <summary>Processes of this folder and no others: a program of containerd or the registry with an argument inside the folder.</summary>
    private static List<ProcessEntry> OwnProcesses(string folder, bool isShim) =>
        [.. ProcessTable.Read().Where(process =>
            (isShim
                ? process.Program.StartsWith("containerd-shim", StringComparison.Ordinal)
                : process.Program is "containerd" or "docker-registry")
            && process.CommandLine.Skip(1).Any(argument => argument.StartsWith(folder + "/", StringComparison.Ordinal)))];

    private static async Task EndAsync(List<ProcessEntry> processes, int signal)
    {
        foreach (var process in processes)
        {
            Posix.Signal(process.Pid, signal);
        }

        foreach (var process in processes)
        {
            for (var waited = TimeSpan.Zero; ProcessTable.IsAlive(process.Pid); waited += TimeSpan.FromMilliseconds(10))
            {
                if (waited > Patience)
                {
                    Posix.Signal(process.Pid, Posix.SignalKill);
                    waited = TimeSpan.Zero;
                }

                await Task.Delay(10);
            }
        }
    }

    /// <summary>What containerd itself does after a shim died: the shim's own delete command kills the container's processes, removes
    /// its cgroups and runc's state, and unmounts the root file system.</summary>
    private static async Task DeleteTaskAsync(string folder, string bundle)
    {
        var shimPath = Path.Combine(bundle, "shim-binary-path");
        if (File.Exists(shimPath))
        {
            using var deadline = new CancellationTokenSource(ShimPatience);
            var result = await Command.RunAsync(
                await File.ReadAllTextAsync(shimPath, deadline.Token),
                [
                    "-namespace", Path.GetFileName(Path.GetDirectoryName(bundle)!),
                    "-id", Path.GetFileName(bundle),
                    "-address", Path.Combine(folder, ContainerdRig.SocketName),
                    "-publish-binary", "/bin/true",
                    "-bundle", bundle,
                    "delete",
                ],
                workingDirectory: bundle,
                cancellationToken: deadline.Token);
            result.Check();
        }

        if (SocketOf(bundle) is { } socket)
        {
            File.Delete(socket);
        }
    }

    /// <summary>The shim's socket: 'address' holds a URL, from 2.0 'bootstrap.json' holds it as a member.</summary>
    private static string? SocketOf(string bundle)
    {
        string? url = null;
        if (File.Exists(Path.Combine(bundle, "address")))
        {
            url = File.ReadAllText(Path.Combine(bundle, "address"));
        }
        else if (File.Exists(Path.Combine(bundle, "bootstrap.json")))
        {
            using var bootstrap = JsonDocument.Parse(File.ReadAllText(Path.Combine(bundle, "bootstrap.json")));
            url = bootstrap.RootElement.GetProperty("address").GetString();
        }

        const string Scheme = "unix://";
        return url?.StartsWith(Scheme + SharedFolder + "/s/", StringComparison.Ordinal) == true ? url[Scheme.Length..] : null;
    }

    /// <summary>Folders that runc and shims make for a namespace and never remove. Only empty ones go (rmdir); the ones that every
    /// containerd of the machine uses stay while another one runs.</summary>
    private static void RemoveSharedFolders(List<string> namespaces)
    {
        // Version 1 has a tree for each controller, version 2 only one (cgroups(7)).
        var isUnified = File.Exists(Path.Combine(CgroupRoot, "cgroup.controllers"));
        string[] trees = isUnified ? [CgroupRoot] : SubFolders(CgroupRoot);
        foreach (var name in namespaces)
        {
            Posix.RemoveEmptyDirectory(Path.Combine(SharedFolder, "runc", name));
            foreach (var tree in trees)
            {
                Posix.RemoveEmptyDirectory(Path.Combine(tree, name));
            }
        }

        if (!ProcessTable.Read().Any(process => process.Program.StartsWith("containerd", StringComparison.Ordinal)))
        {
            Posix.RemoveEmptyDirectory(Path.Combine(SharedFolder, "fifo"));
            Posix.RemoveEmptyDirectory(Path.Combine(SharedFolder, "runc"));
            Posix.RemoveEmptyDirectory(Path.Combine(SharedFolder, "s"));
            Posix.RemoveEmptyDirectory(SharedFolder);
        }
    }

    private static string[] SubFolders(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
}
