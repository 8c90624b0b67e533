using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Containers;

/// <summary>Containers beside those that each generation's own ctr makes with the same options.</summary>
public sealed class ContainerMakerTests(Daemons daemons)
{
    private const string Busybox = "docker.io/library/busybox:1.35";
    private const string Nginx = "docker.io/library/nginx:deb";
    private const string Ns = "maker";

    /// <summary>
    /// What ctr before 2.0 does not hide: the energy counters from which keys can be guessed (CVE-2020-8694). The newest default is ours for all.
    /// </summary>
    private const string Powercap = "/sys/devices/virtual/powercap";

    /// <summary>Flags of ctr, the image, its command, and the same in our options.</summary>
    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["command"] = new([], Busybox, ["echo", "<&> ü", ""], new() { Command = ["echo", "<&> ü", ""], ReplaceEntrypoint = true }),
        ["image"] = new(
            ["--env", "A=1", "--env", "PATH=/bin", "--cwd", "/tmp", "--annotation", "x=y"], Nginx, [],
            new() { Environment = ["A=1", "PATH=/bin"], WorkingDirectory = "/tmp", Annotations = new Dictionary<string, string> { ["x"] = "y" } }),
        ["mounts"] = new(
            ["--mount", "type=bind,src=/tmp,dst=/mnt,options=rbind:ro", "--mount", "type=tmpfs,dst=/t", "--read-only", "--tty"], Busybox, [],
            new() { Mounts = [CtrMount.Parse("/tmp:/mnt:ro"), CtrMount.Parse("type=tmpfs,dst=/t")], ReadOnly = true, Terminal = true }),
        ["privileged"] = new(["--privileged"], Busybox, [], new() { Privileged = true }),
        ["host"] = new(
            ["--net-host", "--cap-add", "CAP_NET_ADMIN", "--cap-add", "CAP_CHOWN", "--cap-drop", "CAP_KILL", "--allow-new-privs"], Busybox, [],
            new() { HostNetwork = true, AddCapabilities = ["net_admin", "CAP_CHOWN"], DropCapabilities = ["Kill"], AllowNewPrivileges = true }),
        ["resources"] = new(
            [
                "--memory-limit", "67108864", "--cpu-quota", "50000", "--cpu-period", "100000", "--device", "/dev/null", "--device",
                "/dev/net", "--with-ns", "uts:/proc/1/ns/uts", "--with-ns", "cgroup:/proc/1/ns/cgroup", "--rootfs-propagation", "rshared",
                "--rdt-class", "fast",
            ],
            Busybox,
            [],
            new()
            {
                Memory = 64 << 20,
                CpuQuota = 50000,
                CpuPeriod = 100000,
                Devices = ["/dev/null", "/dev/net"],
                JoinNamespaces = new Dictionary<string, string> { ["uts"] = "/proc/1/ns/uts", ["cgroup"] = "/proc/1/ns/cgroup" },
                RootFsPropagation = "rshared",
                RdtClass = "fast",
            }),
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static TheoryData<Generation> Generations => Daemons.Generations;

    public static TheoryData<Generation, string> All
    {
        get
        {
            var data = new TheoryData<Generation, string>();
            foreach (Generation generation in Rig.Generations.All)
            {
                foreach (string name in Cases.Keys)
                {
                    data.Add(generation, name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Gives_the_spec_of_ctr(Generation generation, string name)
    {
        (ContainerdRig rig, ICtrConnection connection) = await StartAsync(generation);
        await using (connection)
        {
            Case one = Cases[name];
            string[] flags = [.. one.Flags];
            if (!Directory.Exists("/dev/net"))
            {
                flags = [.. flags.Select(flag => flag == "/dev/net" ? "/dev/mapper" : flag)];
            }

            CtrContainerOptions options = one.Options with { Devices = [.. flags.Where(flag => flag.StartsWith("/dev/", StringComparison.Ordinal))] };
            (JsonNode theirs, JsonNode ours) = await BothAsync(
                rig, connection, flags, one.Image, one.Command, options, $"maker-{name}-{Rig.Generations.NameOf(generation)}");
            Assert.Equal(Text(theirs), Text(ours));
        }
    }

    /// <summary>
    /// Our profile is that of the newest containerd. What else an older one has: it allows io_uring and any socket, asks for the capability to read
    /// handles by name, and does not know the calls of later kernels.
    /// </summary>
    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Gives_the_default_seccomp_profile(Generation generation)
    {
        (ContainerdRig rig, ICtrConnection connection) = await StartAsync(generation);
        await using (connection)
        {
            (JsonNode theirs, JsonNode ours) = await BothAsync(
                rig,
                connection,
                ["--seccomp", "--cap-add", "CAP_SYS_PTRACE"],
                Busybox,
                [],
                new() { DefaultSeccomp = true, AddCapabilities = ["SYS_PTRACE"] },
                $"maker-seccomp-{Rig.Generations.NameOf(generation)}");
            JsonNode their = Take(theirs), our = Take(ours);
            Assert.Equal(Text(theirs), Text(ours));
            Assert.Equal(Text(their["architectures"]!), Text(our["architectures"]!));
            Assert.Equal((string?)their["defaultAction"], (string?)our["defaultAction"]);
            string[] their1 = Names(their), our1 = Names(our);
            string[] older = ["io_uring_enter", "io_uring_register", "io_uring_setup", "socket"];
            Assert.All(their1.Except(our1), name => Assert.Contains(name, older));
            string[] later =
            [
                "cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "getxattrat", "listmount", "listxattrat",
                "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr",
                "map_shadow_stack", "mseal", "name_to_handle_at", "removexattrat", "setxattrat", "statmount", "uretprobe",
            ];
            Assert.All(our1.Except(their1), name => Assert.Contains(name, later));
            string[] their2 = Rest(their), our2 = Rest(our);
            Assert.All(
                their2.Except(our2),
                rule => Assert.True(
                    rule.Contains("\"socket\"", StringComparison.Ordinal) || rule.Contains("[\"ptrace\"]", StringComparison.Ordinal), rule));
            Assert.All(our2.Except(their2), rule => Assert.True(
                rule.Contains("\"socket\"", StringComparison.Ordinal)
                    || rule.Contains("[\"process_vm_readv\",\"process_vm_writev\",\"ptrace\"]", StringComparison.Ordinal),
                rule));
        }

        static JsonNode Take(JsonNode record)
        {
            JsonNode seccomp = record["Spec"]!["linux"]!["seccomp"]!;
            _ = ((JsonObject)record["Spec"]!["linux"]!).Remove("seccomp");
            return seccomp;
        }

        static string[] Names(JsonNode seccomp) => [.. seccomp["syscalls"]![0]!["names"]!.AsArray().Select(name => (string)name!)];

        static string[] Rest(JsonNode seccomp) => [.. seccomp["syscalls"]!.AsArray().Skip(1).Select(rule => rule!.ToJsonString())];
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Finds_users_as_ctr_does(Generation generation)
    {
        (ContainerdRig rig, ICtrConnection connection) = await StartAsync(generation);
        await using (connection)
        {
            // In the image's config.
            string[] forms = ["", "app", "1000", "1000:12", "app:wheel", "4711", "4711:4712", "app:63", ":1234", ":wheel"];
            foreach ((string form, int number) in forms.Select((form, number) => (form, number)))
            {
                string image = await UserImage.LoadAsync(rig, Ns, form, $"u{number}");
                string id = $"maker-user-{number}-{Rig.Generations.NameOf(generation)}";
                (JsonNode theirs, JsonNode ours) = await BothAsync(rig, connection, [], image, [], new(), id);
                Assert.Equal((form, Text(theirs)), (form, Text(ours)));
            }

            // Named by the user; ctr 1.6 cannot.
            foreach (string form in generation == Generation.V16 ? [] : new[] { "app", "1000", "app:wheel", "1001", "0" })
            {
                (JsonNode theirs, JsonNode ours) = await BothAsync(
                    rig,
                    connection,
                    ["--user", form, "--hostname", "box"],
                    "docker.io/library/users:u1",
                    [],
                    new() { User = form, Hostname = "box" },
                    $"maker-as-{form.Replace(':', '-')}-{Rig.Generations.NameOf(generation)}");
                Assert.Equal((form, Text(theirs)), (form, Text(ours)));
            }

            string before = await StoreProbe.LeftoversAsync(rig, Ns);
            foreach (string form in new[] { "old", "app:old", "nobody", "gone:x" })
            {
                CtrException error = await Assert.ThrowsAsync<CtrException>(
                    () => CreateAsync(connection, "docker.io/library/users:u1", "maker-none", new() { User = form }));
                Assert.Equal(CtrErrorIds.UserNotFound, error.ErrorId);
            }

            Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, Ns));
            Assert.Null(await connection.Containers.FindAsync(Ns, "maker-none", CancellationToken.None));
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Makes_a_container_of_an_image_with_a_stop_signal_and_a_label_that_are_none(Generation generation)
    {
        (ContainerdRig rig, ICtrConnection connection) = await StartAsync(generation);
        await using (connection)
        {
            var more = new JsonObject { ["StopSignal"] = "SIGFOO", ["Labels"] = new JsonObject { [""] = "x", ["kept"] = "y" } };
            string image = await UserImage.LoadAsync(rig, Ns, "", "odd", more);
            string id = $"maker-odd-{Rig.Generations.NameOf(generation)}";
            CtrContainerOutcome made = await CreateAsync(connection, image, id, new());
            Assert.Equal("y", made.Container.Labels["kept"]);
            Assert.DoesNotContain("", made.Container.Labels.Keys);
            Assert.Collection(
                made.Warnings.Order(),
                warning => Assert.Contains("empty key", warning, StringComparison.Ordinal),
                warning => Assert.Contains("'SIGFOO'", warning, StringComparison.Ordinal));
            _ = (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Gives_what_only_a_run_of_ctr_can(Generation generation)
    {
        (ContainerdRig rig, ICtrConnection connection) = await StartAsync(generation);
        await using (connection)
        {
            string id = $"maker-run-{Rig.Generations.NameOf(generation)}";
            string[] cpuset = generation == Generation.V2 ? ["--cpuset-cpus", "0", "--cpuset-mems", "0"] : [];
            _ = (await rig.CtrAsync(
                [
                    "-n", Ns, "run", "-d", "--null-io", "--cpus", "0.5", "--cpu-shares", "512", "--cgroup", $"/maker/{id}", .. cpuset,
                    Busybox, id, "sleep", "600",
                ],
                CancellationToken.None))
                .Check();
            JsonNode theirs = await RecordAsync(rig, id);
            _ = (await rig.CtrAsync("-n", Ns, "tasks", "rm", "-f", id)).Check();
            _ = (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();
            _ = await CreateAsync(connection, Busybox, id, new()
            {
                Command = ["sleep", "600"],
                ReplaceEntrypoint = true,
                Cpus = 0.5,
                CpuShares = 512,
                CgroupPath = $"/maker/{id}",
                CpusetCpus = cpuset.Length > 0 ? "0" : null,
                CpusetMems = cpuset.Length > 0 ? "0" : null,
            });
            JsonNode ours = await RecordAsync(rig, id);
            _ = (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();
            Assert.Equal(Text(theirs), Text(ours));
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Leaves_nothing_behind_where_it_fails(Generation generation)
    {
        (ContainerdRig rig, ICtrConnection connection) = await StartAsync(generation);
        await using (connection)
        {
            string id = $"maker-fail-{Rig.Generations.NameOf(generation)}";
            _ = await CreateAsync(connection, Busybox, id, new());
            string before = await StoreProbe.LeftoversAsync(rig, Ns);
            Assert.Contains(id, before, StringComparison.Ordinal);
            await FailsAsync(CtrErrorIds.ContainerExists, id, new());

            // What a client that died between snapshot and record leaves.
            _ = (await rig.CtrAsync("-n", Ns, "snapshots", "prepare", id + "-stale")).Check();
            CtrException stale = await FailsAsync(CtrErrorIds.SnapshotExists, id + "-stale", new());
            Assert.Contains($"snapshots --snapshotter {rig.Snapshotter} rm {id}-stale", stale.RecommendedAction, StringComparison.Ordinal);
            _ = (await rig.CtrAsync("-n", Ns, "snapshots", "rm", id + "-stale")).Check();
            await FailsAsync(CtrErrorIds.InvalidContainerId, "a b", new());
            await FailsAsync(CtrErrorIds.InvalidArgument, id + "2", new() { Devices = ["/dev/nothing"] });
            await FailsAsync(CtrErrorIds.InvalidArgument, id + "2", new() { AddCapabilities = ["NONSENSE"] });
            await FailsAsync(CtrErrorIds.InvalidArgument, id + "2", new() { Mounts = [new CtrMount { Destination = "relative", Type = "tmpfs" }] });
            await FailsAsync(CtrErrorIds.InvalidSpec, id + "2", new() { SeccompProfile = "[]" });
            await FailsAsync(
                CtrErrorIds.NotSupported, id + "2", new() { AppArmorProfile = "none" }, File.Exists("/sys/module/apparmor/parameters/enabled"));
            Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, Ns));
            _ = (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();

            async Task<CtrException> FailsAsync(string errorId, string name, CtrContainerOptions options, bool except = false)
            {
                CtrException error = except
                    ? new CtrException(errorId, CtrStatus.None, "")
                    : await Assert.ThrowsAsync<CtrException>(() => CreateAsync(connection, Busybox, name, options));
                Assert.Equal(errorId, error.ErrorId);
                return error;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Leaves_nothing_behind_where_it_is_stopped(Generation generation)
    {
        const string own = "maker-stop";
        ContainerdRig rig = await daemons.GetAsync(generation);
        _ = await RigImages.LoadAsync(rig, "nginx", own, unpack: false);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        await connection.Garbage.CollectAsync(own, CancellationToken.None);
        string before = await StoreProbe.LeftoversAsync(rig, own);
        var request = new CtrContainerRequest { Namespace = own, Id = "maker-stopped", Image = await StoreProbe.ImageAsync(connection, own, Nginx) };
        var meter = new CtrTransferMeter();
        using var stop = new CancellationTokenSource();
        Task<CtrContainerOutcome> making = connection.Containers.CreateAsync(request, meter, stop.Token);
        while (meter.Current is null && !making.IsCompleted)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => making);
        Assert.Equal(before, await StoreProbe.LeftoversAsync(rig, own));
        Assert.Null(await connection.Containers.FindAsync(own, request.Id, CancellationToken.None));
    }

    private static Task<CtrContainerOutcome> CreateAsync(ICtrConnection connection, string image, string id, CtrContainerOptions options) =>
        CreateAsync(connection, image, id, options, new Dictionary<string, string>());

    private static async Task<CtrContainerOutcome> CreateAsync(
        ICtrConnection connection, string image, string id, CtrContainerOptions options, Dictionary<string, string> labels) =>
        await connection.Containers.CreateAsync(
            new CtrContainerRequest
            {
                Namespace = Ns,
                Id = id,
                Image = await StoreProbe.ImageAsync(connection, Ns, image),
                Options = options,
                Labels = labels,
            },
            null,
            CancellationToken.None);

    private static async Task<(JsonNode Theirs, JsonNode Ours)> BothAsync(
        ContainerdRig rig, ICtrConnection connection, string[] flags, string image, string[] command, CtrContainerOptions options, string id)
    {
        _ = (await rig.CtrAsync(["-n", Ns, "containers", "create", "--label", "team=web", .. flags, image, id, .. command], CancellationToken.None))
            .Check();
        JsonNode theirs = await RecordAsync(rig, id);
        _ = (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();
        var request = new CtrContainerRequest
        {
            Namespace = Ns,
            Id = id,
            Image = await StoreProbe.ImageAsync(connection, Ns, image),
            Options = options,
            Labels = new Dictionary<string, string> { ["team"] = "web" },
        };
        CtrContainerOutcome made = await connection.Containers.CreateAsync(request, null, CancellationToken.None);
        JsonNode ours = await RecordAsync(rig, id);
        Assert.Equal(made.Container.Spec!.ToJson(), (await connection.Containers.DescribeAsync(request, CancellationToken.None)).ToJson());
        _ = (await rig.CtrAsync("-n", Ns, "containers", "rm", id)).Check();
        return (theirs, ours);
    }

    /// <summary>A record by ctr, without what must differ.</summary>
    private static async Task<JsonNode> RecordAsync(ContainerdRig rig, string id)
    {
        JsonNode record = JsonNode.Parse((await rig.CtrAsync("-n", Ns, "containers", "info", id)).Check().Output)!;
        record["CreatedAt"] = record["UpdatedAt"] = null;
        ((JsonObject)record["Spec"]!).Remove("ociVersion"); // each client writes the version that it was built with
        JsonArray? masked = (JsonArray?)record["Spec"]!["linux"]!["maskedPaths"];
        for (int i = (masked?.Count ?? 0) - 1; i >= 0; i--)
        {
            if ((string?)masked![i] == Powercap)
            {
                masked.RemoveAt(i);
            }
        }

        return record;
    }

    /// <summary>With sorted keys, a line for each value.</summary>
    private static string Text(JsonNode node)
    {
        return JsonSerializer.Serialize(Sorted(node), Indented);

        static JsonNode? Sorted(JsonNode? node) => node switch
        {
            JsonObject json =>
                new JsonObject(
                    json.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, Sorted(pair.Value)))),
            JsonArray array => new JsonArray([.. array.Select(Sorted)]),
            _ => node?.DeepClone(),
        };
    }

    private async Task<(ContainerdRig Rig, ICtrConnection Connection)> StartAsync(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        ICtrConnection connection = await daemons.ConnectAsync(generation);
        if (await connection.Images.FindAsync(Ns, Nginx, CtrImageDetail.None, CancellationToken.None) is null)
        {
            _ = await RigImages.LoadAsync(rig, "busybox", Ns, unpack: true);
            _ = await RigImages.LoadAsync(rig, "nginx", Ns, unpack: false);
        }

        return (rig, connection);
    }

    private sealed record Case(string[] Flags, string Image, string[] Command, CtrContainerOptions Options);
}
