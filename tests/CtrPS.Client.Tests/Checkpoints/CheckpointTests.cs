using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Checkpoints;

/// <summary>Checkpoints with a criu that works here and without one, ctr on the other side.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CheckpointTests(CheckpointTests.Rigs rigs) : IClassFixture<CheckpointTests.Rigs>
{
    private const string Image = "docker.io/library/busybox:1.35";
    private const string Ns = "default";

    // Counts in its memory and tells its file system.
    private const string Counter = "i=0; while true; do i=$((i+1)); echo $i >/count; sleep 0.05; done";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Processes_go_on_where_they_were_for_us_and_for_ctr(Generation generation)
    {
        ContainerdRig rig = await rigs.GetAsync(generation, criu: true);
        await using ICtrConnection connection = await ConnectAsync(rig);
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None); // ctr leaves what it does not label
        string before = await LeftoversAsync(rig);
        await using var original = await Running.StartAsync(rig, [], "sh", "-c", Counter);
        int reached = await original.CountAsync(10);
        CtrImage ours = await connection.Checkpoints.CheckpointContainerAsync(
            new CtrContainerCheckpointRequest
            {
                Namespace = Ns,
                Id = original.Id,
                Reference = $"docker.io/test/{original.Id}:ours",
                WritableLayer = true,
                Image = true,
                Task = true,
            },
            CancellationToken.None);
        _ = await original.CountAsync(reached + 5); // it goes on
        string parts = await PartsAsync(rig, ours.Name);
        string again = (await connection.Checkpoints.CheckpointContainerAsync(
            new CtrContainerCheckpointRequest
            {
                Namespace = Ns,
                Id = original.Id,
                Reference = $"docker.io/test/{original.Id}:again",
                WritableLayer = true,
                Image = true,
                Task = true,
            },
            CancellationToken.None)).Name;
        Assert.Equal(parts, await PartsAsync(rig, again)); // up to 1.7 the daemon fails here, and ctr makes a checkpoint without the task
        (await rig.CtrAsync("images", "rm", "--sync", ours.Name, again)).Check();
        string theirs = $"docker.io/test/{original.Id}:theirs";
        (await rig.CtrAsync("containers", "checkpoint", "--rw", "--image", "--task", original.Id, theirs)).Check();
        Assert.Equal(parts, await PartsAsync(rig, theirs));
        ours = await connection.Checkpoints.CheckpointContainerAsync(
            new CtrContainerCheckpointRequest
            {
                Namespace = Ns,
                Id = original.Id,
                Reference = $"docker.io/test/{original.Id}:ours",
                WritableLayer = true,
                Image = true,
                Task = true,
            },
            CancellationToken.None);

        // Beside the original, which must not end with it.
        await using (var restored = new Running(rig, original.Id + "a"))
        {
            CtrContainer container = await connection.Checkpoints.RestoreAsync(
                new CtrRestoreRequest { Namespace = Ns, Id = restored.Id, Reference = theirs, WritableLayer = true, Live = true },
                CancellationToken.None);
            Assert.Equal((CtrTaskState.Running, Image, restored.Id), (container.State, container.Image, container.SnapshotKey));
            _ = await restored.CountAsync(reached + 5);
        }

        _ = await original.CountAsync(reached + 5);
        await original.DisposeAsync();
        await using (var restored = new Running(rig, original.Id + "b"))
        {
            (await rig.CtrAsync("containers", "restore", "--rw", "--live", restored.Id, ours.Name)).Check();
            _ = await restored.CountAsync(reached);
        }

        (await rig.CtrAsync("images", "rm", "--sync", ours.Name, theirs)).Check();
        Assert.Equal(before, await LeftoversAsync(rig));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_task_is_kept_as_image_or_files_and_can_be_ended(Generation generation)
    {
        ContainerdRig rig = await rigs.GetAsync(generation, criu: true);
        await using ICtrConnection connection = await ConnectAsync(rig);
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None); // ctr leaves what it does not label
        string before = await LeftoversAsync(rig);
        await using var original = await Running.StartAsync(rig, [], "sh", "-c", Counter);
        int reached = await original.CountAsync(5);
        var request = new CtrTaskCheckpointRequest
        {
            Namespace = Ns,
            Id = original.Id,
            ImagePath = Path.Combine(rig.Folder, original.Id),
            WorkPath = Path.Combine(rig.Folder, original.Id + "-work"),
        };
        Assert.Null(await connection.Checkpoints.CheckpointTaskAsync(request, CancellationToken.None));
        Assert.NotEmpty(Directory.GetFiles(request.ImagePath!, "pages-*.img"));
        Assert.True(File.Exists(Path.Combine(request.WorkPath!, "dump.log")));
        Assert.Equal("RUNNING", await original.StateAsync());

        // A task that is frozen stays so.
        (await rig.CtrAsync("tasks", "pause", original.Id)).Check();
        string theirs = (await rig.CtrAsync("tasks", "checkpoint", original.Id)).Check().Output.Trim();
        string parts = await PartsAsync(rig, theirs);
        (await rig.CtrAsync("images", "rm", theirs)).Check();
        CtrImage ours = (await connection.Checkpoints.CheckpointTaskAsync(
            new CtrTaskCheckpointRequest { Namespace = Ns, Id = original.Id }, CancellationToken.None))!;
        Assert.StartsWith($"containerd.io/checkpoint/{original.Id}:", ours.Name, StringComparison.Ordinal);
        Assert.Equal("true", ours.Labels["containerd.io/checkpoint"]);
        Assert.Equal(parts, await PartsAsync(rig, ours.Name));
        Assert.Equal("PAUSED", await original.StateAsync());
        (await rig.CtrAsync("tasks", "resume", original.Id)).Check();
        (await rig.CtrAsync("images", "rm", ours.Name)).Check();

        ours = (await connection.Checkpoints.CheckpointTaskAsync(
            new CtrTaskCheckpointRequest { Namespace = Ns, Id = original.Id, Exit = true }, CancellationToken.None))!;
        Assert.Equal("STOPPED", await original.StateAsync());
        await original.DisposeAsync();
        await using (var restored = new Running(rig, original.Id + "c"))
        {
            // ctr does not take such a checkpoint back; it holds all that is needed.
            _ = await connection.Checkpoints.RestoreAsync(
                new CtrRestoreRequest { Namespace = Ns, Id = restored.Id, Reference = ours.Name, WritableLayer = true, Live = true },
                CancellationToken.None);
            _ = await restored.CountAsync(reached);
        }

        (await rig.CtrAsync("images", "rm", "--sync", ours.Name)).Check();
        Assert.Equal(before, await LeftoversAsync(rig));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_task_is_kept_by_eight_at_once_as_an_image_each(Generation generation)
    {
        ContainerdRig rig = await rigs.GetAsync(generation, criu: true);
        await using ICtrConnection connection = await ConnectAsync(rig);
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None); // ctr leaves what it does not label
        string before = await LeftoversAsync(rig);
        await using (var original = await Running.StartAsync(rig, [], "sh", "-c", Counter))
        {
            int reached = await original.CountAsync(5);
            CtrImage?[] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => connection.Checkpoints.CheckpointTaskAsync(
                new CtrTaskCheckpointRequest { Namespace = Ns, Id = original.Id }, CancellationToken.None)));
            string[] names = [.. all.Select(image => image!.Name)];
            Assert.Equal(8, names.Distinct().Count());
            Assert.Equal("RUNNING", await original.StateAsync());
            _ = await original.CountAsync(reached + 5);
            string[] parts = await Task.WhenAll(names.Select(name => PartsAsync(rig, name)));
            _ = Assert.Single(parts.Distinct());
            (await rig.CtrAsync(["images", "rm", "--sync", .. names])).Check();
        }

        Assert.Equal(before, await LeftoversAsync(rig));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Without_criu_files_and_image_are_kept_and_the_rest_is_refused(Generation generation)
    {
        ContainerdRig rig = await rigs.GetAsync(generation, criu: false);
        await using ICtrConnection connection = await ConnectAsync(rig);
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None); // ctr leaves what it does not label
        string before = await LeftoversAsync(rig);

        // The command runs again in what is restored. It must find the file there, and then leave both it and /bin/vi as they are.
        const string command = "[ -e /kept ] || { rm /bin/vi; cat /proc/sys/kernel/random/uuid >/new; mv /new /kept; }; sleep 1000";
        await using var original = await Running.StartAsync(rig, [], "sh", "-c", command);
        string mine = await original.ExecUntilAsync("cat", "/kept");
        var request = new CtrContainerCheckpointRequest
        {
            Namespace = Ns,
            Id = original.Id,
            Reference = $"docker.io/test/{original.Id}:1",
            WritableLayer = true,
            Image = true,
        };
        string between = await LeftoversAsync(rig);
        CtrException[] faults =
        [
            await Assert.ThrowsAsync<CtrException>(
                () => connection.Checkpoints.CheckpointContainerAsync(request with { Task = true }, CancellationToken.None)),
            await Assert.ThrowsAsync<CtrException>(
                () => connection.Checkpoints.CheckpointTaskAsync(
                    new CtrTaskCheckpointRequest { Namespace = Ns, Id = original.Id }, CancellationToken.None)),
        ];
        Assert.All(faults, fault => Assert.Equal(CtrErrorIds.RuntimeNotFound, fault.ErrorId));
        Assert.All(faults, fault => Assert.Contains("'criu' is not installed on the daemon's machine", fault.Message, StringComparison.Ordinal));
        Assert.Equal("RUNNING", await original.StateAsync());
        Assert.Equal(between, await LeftoversAsync(rig));

        CtrImage ours = await connection.Checkpoints.CheckpointContainerAsync(request, CancellationToken.None);
        string theirs = $"docker.io/test/{original.Id}:2";
        (await rig.CtrAsync("containers", "checkpoint", "--rw", "--image", original.Id, theirs)).Check();

        // The same, but for the spec: without it nobody could restore what is kept without criu.
        const string spec = "application/vnd.containerd.container.checkpoint.config.v1+proto linux amd64";
        Assert.Equal(await PartsAsync(rig, theirs), (await PartsAsync(rig, ours.Name)).Replace("\n" + spec, "", StringComparison.Ordinal));
        Assert.Equal(
            CtrErrorIds.ImageExists,
            (await Assert.ThrowsAsync<CtrException>(() => connection.Checkpoints.CheckpointContainerAsync(request, CancellationToken.None))).ErrorId);
        Assert.Equal("RUNNING", await original.StateAsync());
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None);

        foreach (bool byCtr in new[] { false, true })
        {
            await using var restored = new Running(rig, original.Id + (byCtr ? "ctr" : "us"));
            if (byCtr)
            {
                (await rig.CtrAsync("containers", "restore", "--rw", restored.Id, ours.Name)).Check();
            }
            else
            {
                _ = await connection.Checkpoints.RestoreAsync(
                    new CtrRestoreRequest { Namespace = Ns, Id = restored.Id, Reference = ours.Name, WritableLayer = true }, CancellationToken.None);
            }

            Assert.Equal(mine, await restored.ExecUntilAsync("cat", "/kept"));
            Assert.NotEqual(0, (await restored.ExecAsync("ls", "/bin/vi")).ExitCode);
            await restored.DisposeAsync();
            Assert.True(byCtr || await original.StateAsync() == "RUNNING"); // ctr puts both into one cgroup, and kills both
        }

        await using (var restored = new Running(rig, original.Id + "no"))
        {
            CtrContainer container = await connection.Checkpoints.RestoreAsync(
                new CtrRestoreRequest { Namespace = Ns, Id = restored.Id, Reference = ours.Name, NoStart = true }, CancellationToken.None);
            Assert.Equal(CtrTaskState.None, container.State);
            Assert.Equal(Args(await original.InfoAsync()), Args(await restored.InfoAsync()));

            // Everything that cannot be, told before anything is made.
            Assert.Equal(CtrErrorIds.ContainerExists, await FaultAsync(restored.Id, ours.Name));
            Assert.Equal(CtrErrorIds.InvalidCheckpoint, await FaultAsync("new", theirs));
            Assert.Equal(CtrErrorIds.InvalidCheckpoint, await FaultAsync("new", Image));
            Assert.Equal(CtrErrorIds.InvalidCheckpoint, await FaultAsync("new", ours.Name, live: true));
            Assert.Equal(CtrErrorIds.ImageNotFound, await FaultAsync("new", "docker.io/test/none:1"));
        }

        await original.DisposeAsync();
        (await rig.CtrAsync("images", "rm", "--sync", ours.Name, theirs)).Check();
        Assert.Equal(before, await LeftoversAsync(rig));

        async Task<string> FaultAsync(string id, string reference, bool live = false) =>
            (await Assert.ThrowsAsync<CtrException>(() => connection.Checkpoints.RestoreAsync(
                new CtrRestoreRequest { Namespace = Ns, Id = id, Reference = reference, Live = live }, CancellationToken.None))).ErrorId;

        static string Args(JsonElement info) => info.GetProperty("Spec").GetProperty("process").GetRawText();
    }

    [Fact]
    public async Task What_criu_says_is_told_and_nothing_is_left()
    {
        ContainerdRig rig = await rigs.GetAsync(Generation.V2, criu: true);
        await using ICtrConnection connection = await ConnectAsync(rig);
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None); // ctr leaves what it does not label
        string before = await LeftoversAsync(rig);

        // criu keeps no open TCP connections unless it is told to.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string talk = $"sleep 1000 | nc 127.0.0.1 {((IPEndPoint)listener.LocalEndpoint).Port}";
        await using (var original = await Running.StartAsync(rig, ["--net-host"], "sh", "-c", talk))
        {
            using TcpClient peer = await listener.AcceptTcpClientAsync();
            CtrException fault = await Assert.ThrowsAsync<CtrException>(() => connection.Checkpoints.CheckpointContainerAsync(
                new CtrContainerCheckpointRequest
                {
                    Namespace = Ns,
                    Id = original.Id,
                    Reference = "docker.io/test/tcp:1",
                    WritableLayer = true,
                    Task = true,
                },
                CancellationToken.None));
            Assert.Equal(CtrErrorIds.RuntimeFailed, fault.ErrorId);
            Assert.Contains("criu failed. ", fault.Message, StringComparison.Ordinal);
            Assert.Contains("Error (criu/", fault.Message, StringComparison.Ordinal);
            Assert.Equal("RUNNING", await original.StateAsync());
        }

        Assert.Equal(before, await LeftoversAsync(rig));

        // A criu that does nothing but fail, when it is to restore.
        await using (var original = await Running.StartAsync(rig, [], "sleep", "1000"))
        {
            CtrImage image = await connection.Checkpoints.CheckpointContainerAsync(
                new CtrContainerCheckpointRequest { Namespace = Ns, Id = original.Id, Reference = $"docker.io/test/{original.Id}:1", Task = true },
                CancellationToken.None);
            await original.DisposeAsync();
            string between = await LeftoversAsync(rig);
            string criu = Path.Combine(rig.Folder, "criu", "criu");
            string script = await File.ReadAllTextAsync(criu);
            await RigScript.WriteAsync(criu, "#!/bin/sh\nexit 1\n");
            try
            {
                CtrException fault = await Assert.ThrowsAsync<CtrException>(() => connection.Checkpoints.RestoreAsync(
                    new CtrRestoreRequest { Namespace = Ns, Id = original.Id, Reference = image.Name, Live = true }, CancellationToken.None));
                Assert.Equal(CtrErrorIds.RuntimeFailed, fault.ErrorId);
                Assert.Contains("could not be restored: criu failed", fault.Message, StringComparison.Ordinal);
            }
            finally
            {
                await RigScript.WriteAsync(criu, script);
            }

            Assert.Equal(between, await LeftoversAsync(rig));
            Assert.DoesNotContain(original.Id, (await rig.CtrAsync("containers", "ls", "-q")).Check().Output, StringComparison.Ordinal);
            (await rig.CtrAsync("images", "rm", "--sync", image.Name)).Check();
        }

        Assert.Equal(before, await LeftoversAsync(rig));
    }

    private static Task<ICtrConnection> ConnectAsync(ContainerdRig rig) =>
        Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);

    /// <summary>Leases, ingests, snapshots, images and blobs.</summary>
    private static async Task<string> LeftoversAsync(ContainerdRig rig) => string.Join('\n', [
        await StoreProbe.LeftoversAsync(rig, Ns),
        (await rig.CtrAsync("images", "ls", "-q")).Check().Output,
        (await rig.CtrAsync("content", "ls", "-q")).Check().Output,
    ]);

    /// <summary>Kinds and platforms of what a checkpoint holds, the digest of its image, and its annotations.</summary>
    private static async Task<string> PartsAsync(ContainerdRig rig, string name)
    {
        string line = (await rig.CtrAsync("images", "ls", $"name=={name}")).Check().Output;
        string digest = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).First(
            word => word.StartsWith("sha256:", StringComparison.Ordinal));
        JsonElement index = JsonDocument.Parse((await rig.CtrAsync("content", "get", digest)).Check().Output).RootElement;
        IEnumerable<string> parts = index.GetProperty("manifests")
            .EnumerateArray()
            .Where(part => !IsEmptyOptions(part))
            .Select(part => string.Join(' ', [
                part.GetProperty("mediaType").GetString(),
                part.TryGetProperty("platform", out JsonElement platform)
                    ? $"{platform.GetProperty("os").GetString()} {platform.GetProperty("architecture").GetString()}"
                    : part.GetProperty("digest").GetString(),
                .. part.TryGetProperty("annotations", out JsonElement own) ? own.EnumerateObject().Select(one => one.ToString()) : [],
            ]));
        IEnumerable<string> annotations = index.GetProperty("annotations")
            .EnumerateObject()
            .Select(one => one.ToString())
            .Order(StringComparer.Ordinal);
        string[] labels = (await StoreProbe.LabelsAsync(rig, Ns))
            .Single(one => one.StartsWith(digest, StringComparison.Ordinal))
            .Split(' ')[1]
            .Split(',');
        Assert.Equal(
            index.GetProperty("manifests")
                .EnumerateArray()
                .Select((part, i) => $"containerd.io/gc.ref.content.{i}={part.GetProperty("digest").GetString()}")
                .Order(StringComparer.Ordinal),
            labels.Order(StringComparer.Ordinal));
        return string.Join('\n', [.. parts, .. annotations]);

        // ctr 1.6 keeps the runtime's options also where there are none: a URL without a value.
        static bool IsEmptyOptions(JsonElement part) =>
            part.GetProperty("mediaType").GetString()!.EndsWith("runtime.options+proto", StringComparison.Ordinal)
                && part.GetProperty("size").GetInt64() <= 32;
    }

    /// <summary>A container by id; disposing removes it with all of it, however far it came.</summary>
    private sealed class Running(ContainerdRig rig, string id) : IAsyncDisposable
    {
        public string Id => id;

        public static async Task<Running> StartAsync(ContainerdRig rig, string[] options, params string[] command)
        {
            string id = $"ck{Guid.NewGuid():N}";
            (await rig.CtrAsync(
                ["run", "-d", "--null-io", "--snapshotter", rig.Snapshotter, .. options, Image, id, .. command], CancellationToken.None))
                .Check();
            return new Running(rig, id);
        }

        public Task<CommandResult> ExecAsync(params string[] command) => rig.ExecAsync(Ns, id, command);

        /// <summary>Runs a command until it ends well and its output is there: a process that has just begun writes what is looked at.</summary>
        public async Task<string> ExecUntilAsync(params string[] command)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (true)
            {
                CommandResult result = await ExecAsync(command);
                if (result is { ExitCode: 0, Output.Length: > 0 })
                {
                    return result.Output;
                }

                Assert.False(limit.IsCancellationRequested, result.Error);
            }
        }

        /// <summary>Waits until the counter is beyond a number, and returns it.</summary>
        public async Task<int> CountAsync(int beyond)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            int first = -1;
            while (true)
            {
                string text = (await ExecUntilAsync("cat", "/count")).Trim();
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
                {
                    first = first < 0 ? count : first;
                    Assert.True(count >= first, "it began anew");
                    if (count > beyond && count > first)
                    {
                        return count;
                    }
                }

                Assert.False(limit.IsCancellationRequested, $"the counter stays at {text}");
            }
        }

        public async Task<string> StateAsync() =>
            (await rig.CtrAsync("tasks", "ls")).Check().Output.Split('\n').Single(line => line.StartsWith(id + " ", StringComparison.Ordinal))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[2];

        public async Task<JsonElement> InfoAsync() =>
            JsonDocument.Parse((await rig.CtrAsync("containers", "info", id)).Check().Output).RootElement.Clone();

        public async ValueTask DisposeAsync()
        {
            _ = await rig.CtrAsync("tasks", "rm", "-f", id);
            _ = await rig.CtrAsync("containers", "rm", id);
        }
    }

    /// <summary>Daemons with a criu that works, and without any, started when the first test asks for one.</summary>
    public sealed class Rigs : IAsyncDisposable
    {
        private readonly Dictionary<(Generation, bool), ContainerdRig> _rigs = [];

        public async Task<ContainerdRig> GetAsync(Generation generation, bool criu)
        {
            var options = new RigOptions { Criu = criu, Seed = ["busybox"], SeedNamespace = Ns };
            return _rigs.TryGetValue((generation, criu), out ContainerdRig? rig)
                ? rig
                : _rigs[(generation, criu)] = await ContainerdRig.StartAsync(generation, options).OrSkipAsync();
        }

        public async ValueTask DisposeAsync()
        {
            foreach (ContainerdRig rig in _rigs.Values)
            {
                await rig.DisposeAsync();
            }
        }
    }
}
