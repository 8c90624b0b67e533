using System.Globalization;
using System.Text.Json;
using CtrPS.Client.Connection;
using CtrPS.Client.Network;
using CtrPS.Client.Tests.Archives;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Network;

/// <summary>Networks of real containers, with ctr on the other side.</summary>
[Collection(CniSandbox.Collection)]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ContainerNetworksTests(Daemons daemons)
{
    private const string Image = "docker.io/library/busybox:1.35";
    private const string Ns = "cni";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Attaches_marks_and_detaches(Generation generation)
    {
        await using var sandbox = new CniSandbox();
        await using var container = await StartAsync(generation);
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        sandbox.WriteConfig("1.0.0", """{"type":"portmap","capabilities":{"portMappings":true},"snat":false}""");
        CtrCniOptions options = sandbox.Options with { Capabilities = """{"portMappings":[]}""", Arguments = "IgnoreUnknown=1;K8S_POD_NAME=p" };
        CtrNetwork network = await connection.Networks.AddAsync(Ns, container.Id, container.Pid, options, CancellationToken.None);
        string inside = (await container.ExecAsync("ip", "-o", "addr", "show", "eth0")).Check().Output;
        Assert.All(network.IPAddresses, address => Assert.Contains(address, inside, StringComparison.Ordinal));
        Assert.Equal(2, network.IPAddresses.Count);
        Assert.Contains("seq=0", (await container.ExecAsync("ping", "-c1", "-w5", network.Gateways[0])).Check().Output, StringComparison.Ordinal);

        JsonElement kept = sandbox.Kept();
        Assert.Equal(
            ("cniCacheV1", $"{Ns}-{container.Id}", "eth0", sandbox.Name, $"/proc/{container.Pid}/ns/net"),
            (Text("kind"), Text("containerId"), Text("ifName"), Text("networkName"), Text("netns")));
        Assert.Equal("""[["IgnoreUnknown","1"],["K8S_POD_NAME","p"]]""", kept.GetProperty("cniArgs").GetRawText());
        JsonElement mark = (await container.InfoAsync()).GetProperty("Extensions").GetProperty("ctr.cni-containerd.metadata");
        Assert.Equal(
            generation == Generation.V2
                ? "github.com/containerd/containerd/v2/cmd/ctr/commands/NetworkMetaData"
                : "github.com/containerd/containerd/cmd/ctr/commands/NetworkMetaData",
            mark.GetProperty("type_url").GetString());

        // The folders stand in the mark: nobody has to name them again.
        await connection.Networks.RemoveAsync(Ns, container.Id, container.Pid, "", CtrCniOptions.Standard, CancellationToken.None);
        await connection.Networks.RemoveAsync(Ns, container.Id, container.Pid, "", CtrCniOptions.Standard, CancellationToken.None);
        _ = await Tool.RunAsync("nsenter", $"--net=/proc/{container.Pid}/ns/net", "ip", "link", "del", "eth0");
        Assert.Equal("", await sandbox.LeftoversAsync());

        string Text(string name) => kept.GetProperty(name).GetString()!;
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Detaches_what_ctr_attached(Generation generation)
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0");
        await using var container = await StartAsync(generation, sandbox, "--cni");
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        Assert.Contains("-eth0", await sandbox.LeftoversAsync(), StringComparison.Ordinal);

        // ctr 1.6 sets no mark: the kept network namespace tells, and only where it is the same.
        if (generation == Generation.V16)
        {
            await connection.Networks.RemoveAsync(Ns, container.Id, container.Pid + 1, "", sandbox.Options, CancellationToken.None);
            Assert.Contains("-eth0", await sandbox.LeftoversAsync(), StringComparison.Ordinal);
        }

        using (HeldNetwork held = HeldNetwork.TryOpen(container.Pid)!)
        {
            await container.KillAsync();
            await connection.Networks.RemoveAsync(Ns, container.Id, container.Pid, held.Path, sandbox.Options, CancellationToken.None);
        }

        Assert.Equal("", await sandbox.LeftoversAsync());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Ctr_detaches_what_we_attached(Generation generation)
    {
        Assert.SkipWhen(generation == Generation.V16, "ctr 1.6 detaches in the command that attached only");
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0");
        await using var container = await StartAsync(generation);
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        _ = await connection.Networks.AddAsync(Ns, container.Id, container.Pid, sandbox.Options, CancellationToken.None);
        (await InSandboxAsync(container.Rig, sandbox, ["-n", Ns, "tasks", "kill", "--signal", "SIGCONT", container.Id])).Check();
        // Plugins are told that the namespace is gone.
        _ = await Tool.RunAsync("nsenter", $"--net=/proc/{container.Pid}/ns/net", "ip", "link", "del", "eth0");
        Assert.Equal("", await sandbox.LeftoversAsync());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Refuses_what_would_change_the_machine_and_leaves_nothing(Generation generation)
    {
        await using var sandbox = new CniSandbox();
        await using var container = await StartAsync(generation, null, "--net-host");
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        long other = await container.SleepInAsync(await sandbox.AddNetworkNamespaceAsync());
        Assert.Contains("no network configuration", await FaultAsync(other), StringComparison.Ordinal);
        sandbox.WriteConfig("1.0.0", """{"type":"bad"}""");
        await sandbox.WritePluginAsync("bad", "[ $CNI_COMMAND = DEL ] || exit 1");
        Assert.Contains("shares the machine's own network", await FaultAsync(container.Pid), StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/sys/class/net/{sandbox.Name}"));
        Assert.Equal(CtrErrorIds.ContainerNotFound, (await Assert.ThrowsAsync<CtrException>(() => connection.Networks.AddAsync(
            Ns, "none", other, sandbox.Options, CancellationToken.None))).ErrorId);
        Assert.Contains("'bad'", await FaultAsync(other), StringComparison.Ordinal);
        Assert.Equal("", await sandbox.LeftoversAsync());
        await connection.Networks.RemoveAsync(Ns, container.Id, 0, "", CtrCniOptions.Standard, CancellationToken.None);

        // Nothing is due for what is not marked.
        await connection.Networks.RemoveAsync(Ns, "none", container.Pid, "", sandbox.Options, CancellationToken.None);

        async Task<string> FaultAsync(long pid)
        {
            CtrException fault = await Assert.ThrowsAsync<CtrException>(
                () => connection.Networks.AddAsync(Ns, container.Id, pid, sandbox.Options, CancellationToken.None));
            Assert.Equal(CtrErrorIds.NetworkFailed, fault.ErrorId);
            return fault.Message;
        }
    }

    private async Task<RunningContainer> StartAsync(Generation generation, CniSandbox? sandbox = null, params string[] options)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        _ = await RigImages.LoadAsync(rig, "busybox", Ns);
        string id = $"cni-{Guid.NewGuid():N}";
        string[] words = ["-n", Ns, "run", "-d", "--snapshotter", rig.Snapshotter, "--null-io", .. options, Image, id, "sleep", "1000"];
        (sandbox is null ? await rig.CtrAsync(words) : await InSandboxAsync(rig, sandbox, words)).Check();
        string line = (await rig.CtrAsync("-n", Ns, "tasks", "ls"))
            .Check().Output.Split('\n')
            .Single(one => one.StartsWith(id, StringComparison.Ordinal));
        return new RunningContainer(
            rig, id, long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
    }

    /// <summary>ctr with the sandbox's folders where it looks for them, in a mount namespace of its own: it takes no others.</summary>
    private static async Task<CommandResult> InSandboxAsync(ContainerdRig rig, CniSandbox sandbox, string[] words)
    {
        Tool.Need("unshare");
        const string script = """
            set -e
            mount -t tmpfs none /var/lib && mkdir /var/lib/cni "$1/cache" 2>/dev/null || true
            mount --bind "$1/cache" /var/lib/cni
            mount -t tmpfs none /opt && mkdir -p /opt/cni && ln -s /usr/lib/cni /opt/cni/bin
            mount -t tmpfs none /etc/cni && mkdir /etc/cni/net.d && cp "$1"/net.d/* /etc/cni/net.d
            shift; exec "$@"
            """;
        Assert.SkipUnless(Directory.Exists("/etc/cni") && Directory.Exists("/opt"), "there is no /etc/cni or no /opt to put others on");
        var start = new System.Diagnostics.ProcessStartInfo(
            "unshare", ["-m", "sh", "-c", script, "sh", sandbox.Folder, rig.CtrPath, "--address", rig.Address, .. words])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CommandResult("ctr " + string.Join(' ', words), process.ExitCode, output, await error);
    }

    /// <summary>A container that runs until this is disposed.</summary>
    private sealed class RunningContainer(ContainerdRig rig, string id, long pid) : IAsyncDisposable
    {
        private readonly List<System.Diagnostics.Process> _others = [];

        public ContainerdRig Rig => rig;

        public string Id => id;

        public long Pid => pid;

        public Task<CommandResult> ExecAsync(params string[] command) => rig.ExecAsync(Ns, id, command);

        public async Task<JsonElement> InfoAsync() =>
            JsonDocument.Parse((await rig.CtrAsync("-n", Ns, "containers", "info", id)).Check().Output).RootElement.Clone();

        public async Task KillAsync()
        {
            (await rig.CtrAsync("-n", Ns, "tasks", "rm", "-f", id)).Check();
        }

        /// <summary>A process in another network namespace, until this is disposed.</summary>
        public async Task<long> SleepInAsync(string networkNamespace)
        {
            var process = System.Diagnostics.Process.Start("nsenter", [$"--net={networkNamespace}", "sleep", "1000"]);
            _others.Add(process);
            while (new FileInfo($"/proc/{process.Id}/ns/net").LinkTarget == new FileInfo("/proc/self/ns/net").LinkTarget)
            {
                await Task.Delay(5);
            }

            return process.Id;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (System.Diagnostics.Process other in _others)
            {
                other.Kill();
                await other.WaitForExitAsync();
                other.Dispose();
            }

            _ = await rig.CtrAsync("-n", Ns, "tasks", "rm", "-f", id);
            (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();
        }
    }
}
