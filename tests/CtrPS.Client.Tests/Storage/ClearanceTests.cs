using System.Diagnostics;
using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Storage;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Tests.Storage;

/// <summary>What is cleared away, on graphs made at random: the collector's own rules are the judge of what that frees.</summary>
public sealed class ClearanceTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const string Snapshotter = "overlayfs";

    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<Generation> Generations => Daemons.Generations;

    public static TheoryData<int, string> Cases
    {
        get
        {
            var cases = new TheoryData<int, string>();
            foreach (int seed in Enumerable.Range(1, 40))
            {
                cases.Add(seed, seed % 2 == 0 ? "1.7.24" : "2.1.4");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_plan_tells_is_what_the_collector_takes(int seed, string version)
    {
        World world = World.Make(seed, version);
        CtrClearPlan plan = world.Open(world.Request()).Plan(new HashSet<CtrClearKey>());
        Assert.Equal(world.GarbageBytes([]), plan.Garbage);
        var gone = new List<CtrClearedResource>();
        foreach (CtrClearedResource item in plan.Items)
        {
            long before = world.GarbageBytes(gone);
            gone.Add(item);
            Assert.Equal(world.GarbageBytes(gone) - before, item.Freed);
        }

        Assert.Equal(plan.Items.OrderBy(item => item.Since).Select(item => item.Name), plan.Items.Select(item => item.Name));
        Assert.DoesNotContain(plan.Items, item => world.Protected.Contains((item.Namespace, item.Digest!)));
        Assert.Equal(
            world.Names.Where(one => !world.Protected.Contains((one.Namespace, one.Digest))).Select(one => one.Name).Order(StringComparer.Ordinal),
            plan.Items.SelectMany(item => item.Aliases.Append(item.Name)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_goal_is_reached_by_the_least_that_the_order_allows(int seed, string version)
    {
        World world = World.Make(seed, version);
        CtrClearPlan all = world.Open(world.Request()).Plan(new HashSet<CtrClearKey>());
        foreach (int percent in (int[])[1, 20, 50, 80, 100])
        {
            long goal = all.Freed * percent / 100;
            CtrClearPlan plan = world.Open(world.Request() with { Reclaim = goal }).Plan(new HashSet<CtrClearKey>());
            Assert.Equal(world.GarbageBytes(plan.Items), plan.Freed);
            Assert.True(plan.Freed >= goal);
            foreach (CtrClearedResource item in plan.Items)
            {
                // What is taken beside others and frees nothing alone is needed all the same.
                Assert.True(world.GarbageBytes([.. plan.Items.Where(other => other != item)]) < goal, $"{item.Name} is not needed");
            }

            // No shorter beginning of the order would have done.
            string[] order = [.. all.Items.Select(item => item.Name)];
            int end = plan.Items.Count == 0 ? 0 : Array.IndexOf(order, plan.Items[^1].Name);
            Assert.True(end == 0 || world.GarbageBytes([.. all.Items.Take(end)]) < goal);
        }

        CtrClearPlan beyond = world.Open(world.Request() with { Reclaim = all.Freed + 1 }).Plan(new HashSet<CtrClearKey>());
        Assert.Equal(all.Items.Select(item => item.Name), beyond.Items.Select(item => item.Name));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_refused_is_left_and_the_rest_still_adds_up(int seed, string version)
    {
        World world = World.Make(seed, version);
        Clearance clearance = world.Open(world.Request());
        HashSet<CtrClearKey> refused = [.. clearance.Plan(new HashSet<CtrClearKey>()).Items.Where((_, i) => i % 3 == 0).Select(Clearance.KeyOf)];
        CtrClearPlan plan = clearance.Plan(refused);
        Assert.DoesNotContain(plan.Items, item => refused.Contains(Clearance.KeyOf(item)));
        Assert.Equal(world.GarbageBytes(plan.Items), plan.Freed);
    }

    [Fact]
    public void Rules_choose_among_what_is_free_to_go()
    {
        var world = new World("1.7.24");
        NamespaceRecords one = world.Add("one");
        string[] digests = [.. Enumerable.Range(0, 5).Select(i => world.Image(one, $"r.example.com/a:{i}", i, [$"layer{i}"]))];
        _ = world.Image(one, "r.example.com/b@" + World.Digest("b"), 9, ["layer-b"], "b");
        _ = world.Image(one, "registry.k8s.io/pause:3.9", 0, ["pause"]);
        _ = world.Image(one, "my/mirrored-pause:3.9", 0, ["pause2"]);
        Assert.Equal(
            ["a:0", "a:1", "a:2", "a:3", "a:4", "b@"], Short(world.Open(world.Request()).Plan(new HashSet<CtrClearKey>())));
        Assert.Equal(["a:0", "a:1", "a:2"], Short(world.Open(world.Request() with { KeepLast = 2, Keep = name => name.Contains("/b@") })
            .Plan(new HashSet<CtrClearKey>())));
        Assert.Equal(["a:0", "a:1"], Short(world.Open(world.Request() with { Before = World.TimeOf(1) }).Plan(new HashSet<CtrClearKey>())));
        Assert.Equal(["b@"], Short(world.Open(world.Request() with { OnlyDangling = true }).Plan(new HashSet<CtrClearKey>())));
        Assert.Empty(world.Open(world.Request() with { MinimumSize = 1 << 20 }).Plan(new HashSet<CtrClearKey>()).Items);
        World.Lease(one, "held", "content", digests[0]);
        World.Images(one)["r.example.com/a:1"].Labels[CtrImage.PinnedLabel] = CtrImage.PinnedValue;
        CtrClearPlan plan = world.Open(world.Request()).Plan(new HashSet<CtrClearKey>());
        Assert.Equal(["a:2", "a:3", "a:4", "b@"], Short(plan));
        Assert.Contains(plan.Held, held => held.Why == "The lease 'held' holds it.");
        Assert.Contains(plan.Held, held => held.Why == "It is pinned.");
        Assert.Contains(plan.Held, held => held.Why == "The sandboxes of Kubernetes' pods are made from it.");
    }

    [Theory]
    [InlineData("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"r.example.com/infra\"\n", "r.example.com/infra:latest")]
    [InlineData("version = 3\n[plugins.\"io.containerd.cri.v1.images\".pinned_images]\nsandbox = \"infra:1\"\n", "docker.io/library/infra:1")]
    [InlineData("version = 3\n[plugins.\"io.containerd.cri.v1.images\"]\npinned_images = 1\n", null)]
    [InlineData("plugins = 7\n", null)]
    [InlineData("no toml [", null)]
    public void The_image_of_sandboxes_is_as_the_configuration_says(string text, string? name)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            IReadOnlySet<string> named = SandboxImages.Of(file);
            Assert.Equal(name is null ? [] : [name], named);
            var world = new World("1.6.20");
            NamespaceRecords one = world.Add("one");
            _ = world.Image(one, name ?? "a:1", 1, ["x"]);
            CtrClearPlan plan = world.Open(world.Request(), named).Plan(new HashSet<CtrClearKey>());
            Assert.Equal(name is null ? 1 : 0, plan.Items.Count);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Empty(SandboxImages.Of(file));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_a_configuration_imports_counts_as_the_daemon_takes_it(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        (int version, string plugin, string said) = generation == Generation.V2
            ? (3, "\"io.containerd.cri.v1.images\".pinned_images", "      sandbox")
            : (2, "\"io.containerd.grpc.v1.cri\"", "    sandbox_image");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ctrps-");
        try
        {
            string Write(string name, string imports, string? image)
            {
                string path = Path.Join(folder.FullName, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                string table = image is null ? "" : $"[plugins.{plugin}]\n{said.Trim()} = \"{image}\"\n";
                File.WriteAllText(path, $"version = {version}\nimports = [{imports}]\n{table}");
                return path;
            }

            // What one of the first imports has to say comes after all of these.
            string main = Write(
                "config.toml", $"\"{folder.FullName}/conf.d/[0-8]*-a?.toml\", \"last.toml\", \"none/*.toml\"", "r.example.com/main:1");
            _ = Write("conf.d/1-ab.toml", "\"../config.toml\", \"deep/deep.toml\"", null);
            _ = Write("conf.d/2-ac.toml", "", "r.example.com/second:1");
            _ = Write("conf.d/9-ad.toml", "", "r.example.com/never:1");
            _ = Write("conf.d/1-abc.toml", "", "r.example.com/never:2");
            _ = Write("last.toml", "", "r.example.com/last:1");
            foreach ((string deep, string? image) in new[] { ("r.example.com/deep:1", "r.example.com/deep:1"), ("r.example.com/last:1", null) })
            {
                _ = Write("conf.d/deep/deep.toml", "", image);
                var start = new ProcessStartInfo(Path.Join(Path.GetDirectoryName(rig.CtrPath), "containerd"), ["--config", main, "config", "dump"])
                {
                    RedirectStandardOutput = true,
                };
                using Process dumping = Process.Start(start)!;
                string[] dump = (await dumping.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', '"', '\'');
                Assert.Equal(deep, dump[dump.IndexOf($"{said} = ") + 1]);
                Assert.Equal([deep], SandboxImages.Of(main));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Imports_that_are_broken_circular_or_without_end_hide_nothing_that_was_found()
    {
        const string Table = "[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"infra:1\"\n";
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ctrps-");
        try
        {
            string path = Path.Join(folder.FullName, "config.toml");
            foreach ((string name, string text) in new[] { ("a.toml", "no toml ["), ("b.toml", "imports = [\"*.toml\"]\n"), ("c.toml", Table) })
            {
                File.WriteAllText(Path.Join(folder.FullName, name), text);
            }

            foreach (string imports in (string[])[
                "[\"*.toml\"]", "[\"absent.toml\", \"c.toml\"]", "[\"[c-a*\", \"[z-a]*\", \"c.toml\"]", "[\"a.toml/*\", \"none/*\", \"c.toml\"]"])
            {
                File.WriteAllText(path, $"imports = {imports}\n");
                Assert.Equal(["docker.io/library/infra:1"], SandboxImages.Of(path));
            }

            // Folders that never end: each level has its configuration, by a link.
            _ = Directory.CreateSymbolicLink(Path.Join(folder.FullName, "down"), folder.FullName);
            string tooDeep = string.Concat(Enumerable.Repeat("down/", 41)); // links, of which the kernel follows 40
            foreach (string imports in (string[])[
                "7", "[7]", "[\"down/config.toml\"]", "[\"*/*/*/*/*/*/*/*/*/*.toml\", \"down/c*.toml\"]",
                $"[\"{tooDeep}*.toml\"]", $"[\"{tooDeep}config.toml\"]"])
            {
                File.WriteAllText(path, $"imports = {imports}\n{Table}");
                Assert.Equal(["docker.io/library/infra:1"], SandboxImages.Of(path));
            }

            foreach (int i in Enumerable.Range(0, 1000))
            {
                File.WriteAllText(Path.Join(folder.FullName, $"x{i}.toml"), "");
            }

            File.WriteAllText(path, $"imports = [\"x*.toml\"]\n{Table}");
            Assert.Equal(["docker.io/library/infra:1"], SandboxImages.Of(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void An_image_is_in_use_by_a_second_tag_a_digest_an_id_its_layers_and_from_another_namespace()
    {
        var world = new World("2.1.4");
        NamespaceRecords one = world.Add("one");
        NamespaceRecords two = world.Add("two");
        string digest = world.Image(one, "a:1", 1, ["x"], "m");
        _ = world.Image(one, "a:2", 1, ["x"], "m");
        _ = world.Image(one, "a@" + digest, 1, ["x"], "m");
        _ = world.Image(two, "other:1", 1, ["x"], "m");
        _ = world.Image(two, "same-config:1", 1, ["x"], "another manifest", config: "m");
        _ = world.Image(two, "free:1", 1, ["y"]);
        string[] wanted = ["free:1"];

        void UsedBy(Container container)
        {
            World.Containers(one).Clear();
            Assert.Equal(6 - 1, world.Open(world.Request()).Plan(new HashSet<CtrClearKey>()).Items.Count); // one is an alias
            World.Containers(one)[container.Id] = container;
            Assert.Equal(wanted, world.Open(world.Request()).Plan(new HashSet<CtrClearKey>()).Items.Select(item => item.Name));
        }

        UsedBy(new Container { Id = "by-name", Image = "a:2" });
        UsedBy(new Container { Id = "by-digest", Image = "a@" + digest });
        UsedBy(new Container { Id = "by-gone-digest", Image = "gone@" + digest });
        UsedBy(new Container { Id = "by-id", Image = World.Digest("config m") });
        world.Snapshot(one, "rootfs", World.Digest("chain x"));
        world.Snapshot(one, "rootfs2", "rootfs");
        UsedBy(new Container { Id = "by-layers", Image = "gone", Snapshotter = Snapshotter, SnapshotKey = "rootfs2" });
    }

    [Fact]
    public void Containers_that_have_ended_go_with_what_only_they_use()
    {
        var world = new World("2.1.4");
        NamespaceRecords one = world.Add("one");
        _ = world.Image(one, "a:1", 1, ["x"]);
        _ = world.Image(one, "b:1", 2, ["y"]);
        world.Snapshot(one, "ended", World.Digest("chain x"), 5000);
        World.Containers(one)["ended"] = new Container { Id = "ended", Image = "a:1", Snapshotter = Snapshotter, SnapshotKey = "ended" };
        World.Containers(one)["runs"] = new Container { Id = "runs", Image = "b:1" };
        World.Tasks(one).Add(new CtrTask { Id = "runs", State = CtrTaskState.Running });
        foreach ((string id, string label) in new[]
        {
            ("pod", "io.cri-containerd.kind"), ("nerd", "nerdctl/name"), ("restarts", RestartLabels.Status),
        })
        {
            World.Containers(one)[id] = new Container { Id = id, Labels = { [label] = "running" } };
        }

        CtrClearRequest request = world.Request() with { WithContainers = true };
        Assert.Empty(world.Open(world.Request()).Plan(new HashSet<CtrClearKey>()).Items);
        CtrClearPlan plan = world.Open(request).Plan(new HashSet<CtrClearKey>());
        Assert.Equal(["ended", "a:1"], plan.Items.Select(item => item.Name));
        Assert.Equal(5000, plan.Items[0].Freed);
        Assert.Equal(4, world.Open(request with { WithManaged = true }).Plan(new HashSet<CtrClearKey>()).Items.Count(
            item => item.Kind == CtrResourceKind.Container));

        // No image without its container, whatever the goal would rather have.
        Assert.Equal(
            ["ended", "a:1"], world.Open(request with { Reclaim = 5001 }).Plan(new HashSet<CtrClearKey>()).Items.Select(item => item.Name));
        Assert.Equal(["ended"], world.Open(request with { Reclaim = 5000 }).Plan(new HashSet<CtrClearKey>()).Items.Select(item => item.Name));
        Assert.Empty(world.Open(request).Plan(new HashSet<CtrClearKey> { new(CtrResourceKind.Container, "one", "ended") }).Items);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_is_moved_used_or_gone_since_it_was_looked_at_stays(Generation generation)
    {
        const string Namespace = "clearance";
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        _ = await RigImages.LoadAsync(rig, "busybox", Namespace, unpack: true);
        _ = await RigImages.LoadAsync(rig, "busybox-docker", Namespace, unpack: true);
        string[] names = ["docker.io/library/busybox:1.35", "docker.io/library/busybox:docker"];
        CtrImage docker = Assert.IsType<CtrImage>(await connection.Images.FindAsync(Namespace, names[1], CtrImageDetail.None, default));
        CtrImage oci = Assert.IsType<CtrImage>(await connection.Images.FindAsync(Namespace, names[0], CtrImageDetail.None, default));
        foreach (string tag in (string[])["moved:1", "gone:1", "goes:1"])
        {
            _ = await connection.Images.TagAsync(docker, "docker.io/library/" + tag, replace: true, default);
        }

        var request = new CtrClearRequest { Namespaces = [Namespace] };
        CtrClearPlan plan = (await connection.Clearer.OpenAsync(request, default)).Plan(new HashSet<CtrClearKey>());
        Assert.Equal(5, plan.Items.Count);
        _ = await connection.Images.TagAsync(oci, "docker.io/library/moved:1", replace: true, default);
        await connection.Images.DeleteAsync(Namespace, "docker.io/library/gone:1", null, default);
        CtrClearOutcome[] told = [.. await connection.Clearer.ClearAsync(request, plan with { Items = [.. plan.Items.Skip(1)] }, default)];
        Assert.Equal(
            [
                names[1] + " ", "docker.io/library/goes:1 ", "docker.io/library/gone:1 CtrImageNotFound",
                "docker.io/library/moved:1 CtrImageChanged",
            ],
            told.Select(one => $"{one.Item.Name} {one.Error?.ErrorId}").Order(StringComparer.Ordinal));

        // A container is made from what is left, after the look.
        plan = (await connection.Clearer.OpenAsync(request, default)).Plan(new HashSet<CtrClearKey>());
        Assert.Equal(2, plan.Items.Count);
        _ = (await rig.CtrAsync("-n", Namespace, "containers", "create", "--snapshotter", rig.Snapshotter, names[0], "since")).Check();
        told = [.. await connection.Clearer.ClearAsync(request, plan, default)];
        Assert.All(told, one => Assert.Equal(CtrErrorIds.ImageInUse, one.Error?.ErrorId));
        Assert.All(told, one => Assert.Equal(0, one.Item.Freed));
        await connection.Containers.DeleteAsync(Namespace, "since", keepSnapshot: false, default);
        told = [.. await connection.Clearer.ClearAsync(request, plan, default)];
        Assert.Equal(plan.Items.Select(item => item.Freed), told.Select(one => one.Item.Freed));
        Assert.Empty(await connection.Leases.ListAsync(Namespace, default));
    }

    private static IEnumerable<string> Short(CtrClearPlan plan) =>
        plan.Items.Select(item => item.Name.Replace("r.example.com/", "").Split("sha256")[0]);

    /// <summary>A daemon that is made up.</summary>
    private sealed class World(string version)
    {
        private readonly List<NamespaceRecords> _namespaces = [];
        private readonly Dictionary<GraphNode, long> _sizes = [];
        private readonly List<(string Namespace, string From, string To)> _children = [];
        private readonly HashSet<string> _configs = [];

        /// <summary>What must not go: namespace and digest.</summary>
        public HashSet<(string Namespace, string Digest)> Protected { get; } = [];

        public IEnumerable<(string Namespace, string Name, string Digest)> Names =>
            _namespaces.SelectMany(records => records.Images.Values.Select(image => (records.Name, image.Name, image.Target.Digest)));

        public static string Digest(string text) => CtrPS.Client.Oci.Digests.Of(System.Text.Encoding.UTF8.GetBytes(text));

        public static DateTimeOffset TimeOf(int age) => Now.AddDays(age - 100);

        public static World Make(int seed, string version)
        {
            var random = new Random(seed);
            var world = new World(version);
            foreach (string name in (string[])["one", "two", "three"])
            {
                NamespaceRecords records = world.Add(name);
                int count = random.Next(1, 9);
                for (int i = 0; i < count; i++)
                {
                    // Layers are shared by the lowest, across namespaces, too.
                    string[] layers = [.. Enumerable.Range(0, random.Next(1, 5)).Select(depth => $"layer {depth} {random.Next(2)}")];
                    string content = random.Next(3) == 0 ? $"image {random.Next(4)}" : $"image {name} {i}";
                    string digest = world.Image(records, $"r.example.com/{name}:{i}", random.Next(50), layers, content);
                    if (random.Next(3) == 0)
                    {
                        _ = world.Image(records, "r.example.com/x@" + digest, random.Next(50), [], content);
                    }

                    if (random.Next(6) == 0)
                    {
                        World.Images(records)[$"r.example.com/{name}:{i}"].Labels[CtrImage.PinnedLabel] = CtrImage.PinnedValue;
                        _ = world.Protected.Add((name, digest));
                    }
                    else if (random.Next(6) == 0)
                    {
                        World.Lease(records, $"lease {i}", "content", digest);
                        _ = world.Protected.Add((name, digest));
                    }
                }

                World.Lease(records, "layers", "content", Digest($"layer {random.Next(5)} {random.Next(2)}"));
                World.Blob(records, Digest($"garbage {random.Next(2)}"), 7, []);
                world.Snapshot(records, "garbage", "", 11);
            }

            // Used by a container: what has the same digest, or the same config, wherever it is.
            (string Namespace, string Name, string Digest)[] all = [.. world.Names];
            (string Namespace, string Name, string Digest) used = all[random.Next(all.Length)];
            World.Containers(world._namespaces.Single(one => one.Name == used.Namespace))["c"] = new Container { Id = "c", Image = used.Name };
            world.Protected.UnionWith(all.Where(one => one.Digest == used.Digest).Select(one => (one.Namespace, one.Digest)));
            return world;
        }

        public NamespaceRecords Add(string name)
        {
            var records = new NamespaceRecords
            {
                Name = name,
                Blobs = new Dictionary<string, Info>(),
                Snapshots = new Dictionary<(string, string), Containerd.Services.Snapshots.V1.Info>(),
                Ingests = new List<Status>(),
                Leases = new List<LeaseHold>(),
                Containers = new Dictionary<string, Container>(),
                Tasks = new List<CtrTask>(),
                Sandboxes = new List<Sandbox>(),
                Images = new Dictionary<string, Image>(),
            };
            _namespaces.Add(records);
            return records;
        }

        public static Dictionary<string, Image> Images(NamespaceRecords records) => (Dictionary<string, Image>)records.Images;

        public static Dictionary<string, Container> Containers(NamespaceRecords records) => (Dictionary<string, Container>)records.Containers;

        public static List<CtrTask> Tasks(NamespaceRecords records) => (List<CtrTask>)records.Tasks;

        public string Image(NamespaceRecords records, string name, int age, string[] layers, string? content = null, string? config = null)
        {
            string digest = Digest(content ?? name);
            string configDigest = Digest("config " + (config ?? content ?? name));
            if (!records.Blobs.ContainsKey(digest))
            {
                var labels = new Dictionary<string, string> { [CollectorLabels.Content + ".config"] = configDigest };
                string parent = "";
                foreach ((string layer, int i) in layers.Select((layer, i) => (layer, i)))
                {
                    labels[CollectorLabels.Content + ".l." + i] = Digest(layer);
                    Blob(records, Digest(layer), 100 + (layer[^1] * 3), []);
                    string chain = Digest("chain " + string.Join(' ', layers.Take(i + 1)));
                    Snapshot(records, chain, parent, 1000 + i);
                    parent = chain;
                }

                Blob(records, digest, 10, labels);
                Blob(records, configDigest, 20, new() { [CollectorLabels.Snapshot + Snapshotter] = parent });
                _children.AddRange(labels.Values.Select(child => (records.Name, digest, child)));
                _ = _configs.Add(configDigest);
            }

            var time = Timestamp.FromDateTimeOffset(TimeOf(age));
            Images(records)[name] = new Image
            {
                Name = name,
                Target = new ContentDescriptor { MediaType = "application/vnd.oci.image.manifest.v1+json", Digest = digest, Size = 10 },
                CreatedAt = time,
                UpdatedAt = time,
            };
            return digest;
        }

        public static void Blob(NamespaceRecords records, string digest, long size, Dictionary<string, string> labels)
        {
            if (!records.Blobs.ContainsKey(digest))
            {
                ((Dictionary<string, Info>)records.Blobs)[digest] = new Info { Digest = digest, Size = size, Labels = { labels } };
            }
        }

        public void Snapshot(NamespaceRecords records, string key, string parent, long size = 0)
        {
            ((Dictionary<(string, string), Containerd.Services.Snapshots.V1.Info>)records.Snapshots)[(Snapshotter, key)] =
                new() { Name = key, Parent = parent, Kind = Containerd.Services.Snapshots.V1.Kind.Committed };
            _sizes[new GraphNode(CtrResourceKind.Snapshot, records.Name, key, Snapshotter)] = size;
        }

        public static void Lease(NamespaceRecords records, string id, string type, string resource) => ((List<LeaseHold>)records.Leases).Add(
            new(new LeaseInfo(id, Now, null, null, null, new Dictionary<string, string>()), [new Resource { Type = type, Id = resource }]));

        public CtrClearRequest Request() => new() { Namespaces = [.. _namespaces.Select(records => records.Name)] };

        public Clearance Open(CtrClearRequest request, IReadOnlySet<string>? sandboxes = null) =>
            new(Graph(_namespaces, sandboxes), request, _sizes, null);

        /// <summary>Bytes that a collection would free once some are gone: the collector's walk over records without them.</summary>
        public long GarbageBytes(IReadOnlyCollection<CtrClearedResource> gone)
        {
            HashSet<(string, string)> names = [.. gone.SelectMany(item => item.Aliases.Append(item.Name).Select(name => (item.Namespace, name)))];
            NamespaceRecords[] left = [.. _namespaces.Select(records => new NamespaceRecords
            {
                Name = records.Name,
                Blobs = records.Blobs,
                Snapshots = records.Snapshots,
                Ingests = records.Ingests,
                Leases = records.Leases,
                Containers = records.Containers,
                Tasks = records.Tasks,
                Sandboxes = records.Sandboxes,
                Images = records.Images.Where(image => !names.Contains((records.Name, image.Key))).ToDictionary(),
            })];
            CollectorRules rules = CollectorRules.Of(version);
            HashSet<GraphNode> garbage = [.. left.SelectMany(records => CollectorView.FindGarbage(records, rules, Now, _ => false))];
            HashSet<string> stays = [.. left.SelectMany(records => records.Blobs.Keys
                .Where(digest => !garbage.Contains(new GraphNode(CtrResourceKind.Content, records.Name, digest))))];
            return garbage.Where(node => node.Kind == CtrResourceKind.Snapshot).Sum(node => _sizes[node])
                + left.SelectMany(records => records.Blobs.Values).DistinctBy(blob => blob.Digest).Where(blob => !stays.Contains(blob.Digest))
                    .Sum(blob => blob.Size);
        }

        private StorageGraph Graph(IReadOnlyList<NamespaceRecords> namespaces, IReadOnlySet<string>? sandboxes = null)
        {
            var graph = new StorageGraph(namespaces, CollectorRules.Of(version), Now, sandboxes);
            foreach ((string name, string from, string to) in _children)
            {
                graph.Add(
                    new GraphNode(CtrResourceKind.Content, name, from), new GraphNode(CtrResourceKind.Content, name, to), CtrRelation.Child);
            }

            foreach (string config in _configs)
            {
                graph.AddConfig(config);
            }

            return graph;
        }
    }
}
