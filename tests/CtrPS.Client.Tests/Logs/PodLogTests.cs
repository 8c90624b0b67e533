using CtrPS.Client.Connection;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Client.Tests.Daemon.Cri;
using CtrPS.Rig;
using Grpc.Net.Client;

namespace CtrPS.Client.Tests.Logs;

/// <summary>The logs of a real pod, written by containerd's CRI plugin.</summary>
public sealed class PodLogTests
{
    private const string Namespace = "k8s.io";

    public static TheoryData<Generation> Generations => [.. Rig.Generations.All];

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_pods_lines_are_found_taken_apart_and_followed_over_a_rotation(Generation generation)
    {
        // Without restrict_oom_score_adj a sandbox needs CAP_SYS_RESOURCE, which the machines of builds often lack.
        string pods = generation == Generation.V2
            ? """
                [plugins."io.containerd.cri.v1.images".pinned_images]
                  sandbox = "docker.io/library/pause:1"
                [plugins."io.containerd.cri.v1.runtime"]
                  restrict_oom_score_adj = true
                """
            : """
                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "docker.io/library/pause:1"
                  restrict_oom_score_adj = true
                """;
        var options = new RigOptions { Cri = true, ExtraConfiguration = pods };
        await using ContainerdRig rig = await ContainerdRig.StartAsync(generation, options).OrSkipAsync();
        string logs = Directory.CreateTempSubdirectory("ctrps-").FullName;
        CtrEndpoint endpoint = CtrEndpoint.Parse(rig.Address);
        await using ICtrConnection connection = await Connector.OpenAsync(endpoint, CancellationToken.None);
        using GrpcChannel channel = ChannelFactory.Create(endpoint);
        var cri = new RuntimeService.RuntimeServiceClient(channel);
        foreach (string image in new[] { "pause", "busybox" })
        {
            await using ICtrImportPlan plan = await connection.Importer.PlanAsync(
                new CtrImportRequest { Path = await RigImages.ArchiveAsync(image), Namespace = Namespace }, CancellationToken.None);
            _ = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        }

        var host = new NamespaceOption { Network = 2 };
        var config = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = "web-0", Uid = Guid.NewGuid().ToString(), Namespace = "shop" },
            LogDirectory = logs,
            Linux = new LinuxPodSandboxConfig { SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = host } },
        };
        config.Labels.Add("io.kubernetes.pod.name", config.Metadata.Name);
        config.Labels.Add("io.kubernetes.pod.namespace", config.Metadata.Namespace);
        config.Labels.Add("io.kubernetes.pod.uid", config.Metadata.Uid);
        string pod = (await cri.RunPodSandboxAsync(new RunPodSandboxRequest { Config = config })).PodSandboxId;
        try
        {
            var container = new ContainerConfig
            {
                Metadata = new ContainerMetadata { Name = "app" },
                Image = new ImageSpec { Image = "docker.io/library/busybox:1.35" },
                LogPath = "app/0.log",
                Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = host } },
            };

            // A line of 40,000 characters comes in parts of 16 KiB; the process goes on when the log is rotated, and ends without a newline.
            string[] script =
            [
                "echo first", "echo wrong >&2", "head -c 40000 /dev/zero | tr '\\0' x", "echo", "until [ -e /go ]; do sleep 0.1; done",
                "echo after", "printf open",
            ];
            container.Command.AddRange(["sh", "-c", string.Join("; ", script)]);
            container.Labels.Add("io.kubernetes.container.name", "app");
            foreach (KeyValuePair<string, string> label in config.Labels)
            {
                container.Labels.Add(label.Key, label.Value);
            }

            string id = (await cri.CreateContainerAsync(
                new CreateContainerRequest { PodSandboxId = pod, Config = container, SandboxConfig = config })).ContainerId;
            _ = await cri.StartContainerAsync(new ContainerRequest { ContainerId = id });

            CtrLogSource source = await connection.Logs.FindAsync(Namespace, id, CancellationToken.None);
            string path = Path.Combine(logs, "app", "0.log");
            Assert.Equal((path, CtrLogFormat.Cri, true), (source.Path, source.Format, source.IsRotated));
            var read = new List<CtrLogLine>();
            var request = new CtrLogRequest { Follow = true, Ended = token => connection.Logs.WaitEndAsync(Namespace, id, token) };
            using var late = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await foreach (CtrLogLine line in Connector.Logs.ReadAsync(source, request, late.Token))
            {
                read.Add(line);
                if (read.Count == 3)
                {
                    // As the kubelet rotates.
                    File.Move(path, path + ".20260102-030405");
                    _ = await cri.ReopenContainerLogAsync(new ContainerRequest { ContainerId = id });
                    CtrTask task = (await connection.Tasks.FindAsync(Namespace, id, CancellationToken.None))!;
                    await File.WriteAllTextAsync($"/proc/{task.ProcessId}/root/go", "");
                }
            }

            // The two streams are written by two threads: only the order within each is sure.
            Assert.Equal(
                ["first", new string('x', 40000), "after", "open"], read.Where(line => line.Stream == CtrLogStream.Output).Select(line => line.Text));
            Assert.Equal("wrong", Assert.Single(read, line => line.Stream == CtrLogStream.Error).Text);
            Assert.All(read, line => Assert.InRange(line.Time!.Value, DateTimeOffset.Now.AddMinutes(-5), DateTimeOffset.Now));
            Assert.All(
                read,
                line => Assert.Equal(
                    (id, Namespace, "web-0", "shop", "app"),
                    (line.ContainerId, line.Namespace, line.PodName, line.PodNamespace, line.ContainerName)));

            // Read once more, both files are one log; the end of it alone, too.
            Assert.Equal(read.Select(line => line.Text), await TextsAsync(source, new CtrLogRequest()));
            Assert.Equal(
                [new string('x', 40000), "after", "open"], await TextsAsync(source, new CtrLogRequest { Tail = 3, Stream = CtrLogStream.Output }));

            CtrException sandbox = await Assert.ThrowsAsync<CtrException>(() => connection.Logs.FindAsync(Namespace, pod, CancellationToken.None));
            Assert.Equal(CtrErrorIds.LogNotFound, sandbox.ErrorId);
            Assert.Contains("shop/web-0", sandbox.Message, StringComparison.Ordinal);

            // The daemon takes an ended task away after it told of its end. A pod that is stopped meanwhile fails now and then ("ttrpc: closed"):
            // the call to kill the task is under way when its connection goes.
            while ((await cri.ContainerStatusAsync(new ContainerRequest { ContainerId = id }, cancellationToken: late.Token)).Status.State != 2)
            {
                await Task.Delay(20, late.Token);
            }
        }
        finally
        {
            _ = await cri.StopPodSandboxAsync(new PodSandboxRequest { PodSandboxId = pod });
            _ = await cri.RemovePodSandboxAsync(new PodSandboxRequest { PodSandboxId = pod });
            Directory.Delete(logs, recursive: true);
        }
    }

    private static async Task<List<string>> TextsAsync(CtrLogSource source, CtrLogRequest request)
    {
        var texts = new List<string>();
        await foreach (CtrLogLine line in Connector.Logs.ReadAsync(source, request, CancellationToken.None))
        {
            texts.Add(line.Text);
        }

        return texts;
    }
}
