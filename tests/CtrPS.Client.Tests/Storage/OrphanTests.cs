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
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Tests.Storage;

/// <summary>What is taken for an orphan, out of records that no daemon would keep for long, and what is not.</summary>
public sealed class OrphanTests(Daemons daemons)
{
    private const string Name = "orphans";

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly string Digest = "sha256:" + new string('1', 64);
    private static readonly string Config = "sha256:" + new string('2', 64);

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Fact]
    public void Each_kind_is_found_and_nothing_else()
    {
        NamespaceRecords records = Records();
        var graph = new StorageGraph([records], CollectorRules.Of("2.1.9"), Now);
        string[] found =
        [
            .. new OrphanFinder(graph, TimeSpan.FromHours(1), null, []).Find(_ => true)
                .Select(one => $"{one.Kind} {one.Key}").Order(StringComparer.Ordinal),
        ];
        Assert.Equal(
            ["Container broken", "Image lost", "Ingest slow", "Lease dead", "Lease over", "Snapshot left", "Task alone"],
            found);
    }

    [Fact]
    public void An_image_is_used_by_what_names_it_by_its_id_or_stands_on_it()
    {
        NamespaceRecords records = Records();
        var use = new ImageUse(new StorageGraph([records], CollectorRules.Of("1.7.24"), Now));
        Assert.Equal(["kube", "web"], use.UsersIn(Name, Digest));
    }

    [Theory]
    [InlineData("2.1.9+unknown", false)]
    [InlineData("v2.2.0", true)]
    [InlineData("1.6.20~ds1", false)]
    [InlineData("no version", true)]
    public void What_names_its_keeper_is_kept_by_collectors_that_know_of_that(string version, bool isKept)
    {
        NamespaceRecords records = Records();
        records.Blobs[Config].Labels["containerd.io/gc.bref.container"] = "web";
        records.Blobs[Config].Labels["containerd.io/gc.root.mine"] = "";
        _ = records.Blobs[Digest].Labels.Remove("containerd.io/gc.ref.content.config");
        IReadOnlyList<GraphNode> garbage = CollectorView.FindGarbage(records, CollectorRules.Of(version), Now, _ => false);
        Assert.Equal(!isKept, garbage.Contains(new GraphNode(CtrResourceKind.Content, Name, Config)));
    }

    [Theory]
    [InlineData("a b", "'a b'")]
    [InlineData("a'b", "'a''b'")]
    [InlineData("a\u2019; b", "'a\u2019\u2019; b'")]
    public void A_name_in_a_command_to_type_stays_a_word(string name, string word) => Assert.Equal(word, GraphOwners.Quoted(name));

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_task_without_its_container_is_found_and_removed(Generation generation)
    {
        const string Namespace = "orphan-tasks";
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        _ = await RigImages.LoadAsync(rig, "busybox", Namespace, unpack: true);
        string[] words = ["-n", Namespace, "run", "-d", "--snapshotter", rig.Snapshotter, "--null-io"];
        // By a runtime of another name, which nothing but the daemon's own knowledge of the task tells.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ctrps-");
        string shim = Path.Join(folder.FullName, "containerd-shim-pester-v2");
        File.Copy(Path.Join(Path.GetDirectoryName(rig.CtrPath), "containerd-shim-runc-v2"), shim);
        _ = (await rig.CtrAsync([.. words, "--runtime", shim, "docker.io/library/busybox:1.35", "alone", "sleep", "100000"])).Check();
        string bundle = Path.Join(rig.State, "io.containerd.runtime.v2.task", Namespace, "alone");
        Assert.True(Runs(shim) && Directory.Exists(bundle));
        await connection.Containers.DeleteRecordAsync(Namespace, "alone", default);
        CtrOrphan task = Assert.Single(
            (await connection.Storage.FindOrphansAsync(name => name == Namespace, TimeSpan.Zero, deep: false, default)).Orphans,
            one => one.Kind == CtrResourceKind.Task);
        Assert.Equal("alone", task.Key);
        await connection.Storage.RemoveAsync(task, default);
        Assert.DoesNotContain("alone", (await rig.CtrAsync("-n", Namespace, "tasks", "ls", "-q")).Check().Output);
        Assert.DoesNotContain("alone", (await rig.CtrAsync("-n", Namespace, "containers", "ls", "-q")).Check().Output);
        for (long start = Stopwatch.GetTimestamp(); Runs(shim); await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "The shim has not ended."); // it answers before it does
        }

        Assert.False(Directory.Exists(bundle));
        folder.Delete(recursive: true);
        Assert.DoesNotContain(
            (await connection.Storage.FindOrphansAsync(name => name == Namespace, TimeSpan.Zero, deep: false, default)).Orphans,
            one => one.Kind == CtrResourceKind.Task);
    }

    private static bool Runs(string program) => Directory.EnumerateDirectories("/proc")
        .Where(one => char.IsAsciiDigit(Path.GetFileName(one)[0]))
        .Any(one => new FileInfo(Path.Join(one, "exe")).LinkTarget == program);

    private static NamespaceRecords Records() => new()
    {
        Name = Name,
        Blobs = new Dictionary<string, Info>
        {
            [Digest] = new() { Digest = Digest, Size = 10, Labels = { ["containerd.io/gc.ref.content.config"] = Config } },
            [Config] = new() { Digest = Config, Size = 20, Labels = { ["containerd.io/gc.ref.snapshot.overlayfs"] = "top" } },
        },
        Snapshots = new[]
        {
            Snapshot("top", ""), Snapshot("web", "top"), Snapshot("left", "top"),
        }.ToDictionary(one => ("overlayfs", one.Name)),
        Ingests =
        [
            new Status { Ref = "slow", StartedAt = Ago(5), UpdatedAt = Ago(2) },
            new Status { Ref = "quick", StartedAt = Ago(5), UpdatedAt = Ago(0) },
        ],
        Leases =
        [
            Lease("over", new() { ["containerd.io/gc.expire"] = "2020-01-01T00:00:00Z" }, null),
            Lease("good", new() { ["containerd.io/gc.expire"] = "2099-01-01T00:00:00Z" }, null),
            Lease("odd", new() { ["containerd.io/gc.expire"] = "soon" }, null),
            Lease("dead", [], new ProcessOwner(ProcessOwner.Current.Host, "4194303@1")),
            Lease("other", [], new ProcessOwner("another host", "1@1")),
        ],
        Containers = new[]
        {
            new Container { Id = "web", Image = "gone", Snapshotter = "overlayfs", SnapshotKey = "web" },
            new Container { Id = "broken", Snapshotter = "overlayfs", SnapshotKey = "none" },
            new Container { Id = "bare" },
            Kubernetes("kube", "{\"Version\":\"v1\",\"Metadata\":{\"ImageRef\":\"" + Config + "\"}}"),
            Kubernetes("hostile", "{\"Metadata\":[{}]"),
        }.ToDictionary(one => one.Id),
        Tasks = [new CtrTask { Id = "alone", State = CtrTaskState.Running }, new CtrTask { Id = "web", State = CtrTaskState.Running }],
        Sandboxes = [],
        Images = new[]
        {
            Image("a:1", Digest), Image(Config, Digest), Image("lost", "sha256:" + new string('9', 64)),
        }.ToDictionary(one => one.Name),
    };

    private static Timestamp Ago(double hours) => Timestamp.FromDateTimeOffset(Now.AddHours(-hours));

    private static Containerd.Services.Snapshots.V1.Info Snapshot(string key, string parent) => new() { Name = key, Parent = parent };

    private static LeaseHold Lease(string id, Dictionary<string, string> labels, ProcessOwner? holder) =>
        new(new LeaseInfo(id, Now, holder, null, null, labels), [new Resource { Type = "content", Id = Digest }]);

    private static Container Kubernetes(string id, string metadata) => new()
    {
        Id = id,
        Extensions = { ["io.cri-containerd.container.metadata"] = new Any { Value = ByteString.CopyFromUtf8(metadata) } },
    };

    private static Image Image(string name, string digest) => new()
    {
        Name = name,
        Target = new ContentDescriptor { MediaType = "application/vnd.oci.image.manifest.v1+json", Digest = digest, Size = 10 },
    };
}
