using System.Security.Cryptography;
using System.Text;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Tasks;

/// <summary>Processes in containers with pipes to them. ctr makes the containers and judges what is left.</summary>
public sealed class TaskRunnerTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const string Busybox = "docker.io/library/busybox:1.35";
    private const string Namespace = "runner";
    private const int Kill = 9;

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_task_gives_its_output_exit_code_and_nothing_is_left(Generation generation)
    {
        await using Container container = await NewAsync(generation, "sh", "-c", "echo out; echo error >&2; cat; exit 7");
        await using (ICtrProcess process = await container.Connection.Runner.CreateAsync(Task(container, input: true), default))
        {
            Assert.Equal("CREATED", await container.StatusAsync());
            await process.StartAsync(default);
            Assert.True(await process.WriteAsync("from outside\n"u8.ToArray(), default));
            await process.CloseInputAsync(default);
            (string output, string error) = await ReadAsync(process);
            Assert.Equal("out\nfrom outside\n", output);
            Assert.Equal("error\n", error);
            Assert.Equal(7, (await process.WaitAsync(default)).ExitCode);
            Assert.Equal("STOPPED", await container.StatusAsync());
            Assert.Equal(7, (await process.DeleteAsync(default)).ExitCode);
        }

        Assert.Null(await container.StatusAsync());
        Assert.Empty(container.Pipes());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_process_is_added_with_user_folder_and_variables(Generation generation)
    {
        await using Container container = await RunAsync(
            generation, "sh", "-c", "echo web:x:33:34::/:/bin/sh >> /etc/passwd; echo extra:x:77:web >> /etc/group; exec sleep 1000");
        await container.UntilAsync("grep", "extra", "/etc/group");
        CtrExecRequest request = Exec(container, "sh", "-c", "id -u; id -g; id -G; pwd; echo $A $B") with
        {
            User = "web",
            WorkingDirectory = "/tmp",
            Environment = ["A=1", "B=2", "PATH=/bin"],
        };
        Assert.Equal(("33\n34\n34 77\n/tmp\n1 2\n", "", 0), await ExecAsync(container, request));
        Assert.Equal(("1000\n0\n", "", 0), await ExecAsync(container, Exec(container, "sh", "-c", "id -u; id -g") with { User = "1000" }));
        CtrException unknown = await Assert.ThrowsAsync<CtrException>(
            () => container.Connection.Runner.ExecAsync(request with { User = "nobody-here" }, default));
        Assert.Equal(CtrErrorIds.UserNotFound, unknown.ErrorId);
        Assert.Contains("nobody-here", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(1, await container.ProcessCountAsync());
        Assert.Empty(container.Pipes());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_cannot_be_started_is_told_and_leaves_nothing(Generation generation)
    {
        await using (Container absent = await NewAsync(generation, "nope"))
        {
            CtrException e = await Assert.ThrowsAsync<CtrException>(() => absent.Connection.Runner.CreateAsync(Task(absent), default));
            Assert.Equal(CtrErrorIds.CommandNotFound, e.ErrorId);
            Assert.Contains("'nope'", e.Message, StringComparison.Ordinal);
            Assert.Null(await absent.StatusAsync());
            Assert.Empty(absent.Pipes());
        }

        await using Container container = await RunAsync(generation, "sleep", "1000");
        foreach ((string command, string errorId, string fault) in new[]
        {
            ("nope", CtrErrorIds.CommandNotFound, "has no program 'nope' in its PATH"),
            ("/nope", CtrErrorIds.CommandNotFound, "has no program '/nope'"),
            ("/etc/passwd", CtrErrorIds.CommandNotRunnable, "'/etc/passwd' in container"),
            ("/etc", CtrErrorIds.CommandNotRunnable, "cannot be run as a program"),
        })
        {
            await using ICtrProcess process = await container.Connection.Runner.ExecAsync(Exec(container, command), default);
            CtrException e = await Assert.ThrowsAsync<CtrException>(() => process.StartAsync(default));
            Assert.Equal(errorId, e.ErrorId);
            Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        }

        await using (ICtrProcess process = await container.Connection.Runner.ExecAsync(
            Exec(container, "true") with { WorkingDirectory = "/no/folder" }, default))
        {
            CtrException e = await Assert.ThrowsAsync<CtrException>(() => process.StartAsync(default));
            Assert.Equal(CtrErrorIds.InvalidArgument, e.ErrorId);
            Assert.Contains("'/no/folder'", e.Message, StringComparison.Ordinal);
        }

        CtrException twice = await Assert.ThrowsAsync<CtrException>(() => container.Connection.Runner.CreateAsync(Task(container), default));
        Assert.Equal(CtrErrorIds.TaskExists, twice.ErrorId);
        Assert.Equal("RUNNING", await container.StatusAsync());
        Assert.Equal(1, await container.ProcessCountAsync());
        Assert.Empty(container.Pipes());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_process_is_refused_in_a_paused_and_in_an_ended_task(Generation generation)
    {
        await using Container container = await RunAsync(generation, "sleep", "1000");
        await container.Connection.Tasks.PauseAsync(Namespace, container.Id, default);
        CtrException paused = await Assert.ThrowsAsync<CtrException>(() => container.Connection.Runner.ExecAsync(Exec(container, "true"), default));
        Assert.Equal(CtrErrorIds.TaskState, paused.ErrorId);
        Assert.Contains("is paused", paused.Message, StringComparison.Ordinal);
        await container.Connection.Tasks.ResumeAsync(Namespace, container.Id, default);
        await container.Connection.Tasks.KillAsync(Namespace, container.Id, "", Kill, all: true, default);
        _ = await container.Connection.Tasks.WaitAsync(Namespace, container.Id, "", default);
        CtrException ended = await Assert.ThrowsAsync<CtrException>(() => container.Connection.Runner.ExecAsync(Exec(container, "true"), default));
        Assert.Equal(CtrErrorIds.TaskState, ended.ErrorId);
        Assert.Contains("has ended", ended.Message, StringComparison.Ordinal);
        Assert.Empty(container.Pipes());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_hundred_megabytes_go_in_and_come_out_again(Generation generation)
    {
        const int size = 100 << 20;
        await using Container container = await RunAsync(generation, "sleep", "1000");
        await using ICtrProcess process = await container.Connection.Runner.ExecAsync(
            Exec(container, "cat") with { Io = Pipes(input: true) }, default);
        await process.StartAsync(default);
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Task writing = WriteAsync();
        long count = 0;
        await foreach (CtrOutput piece in process.ReadAsync(default))
        {
            Assert.False(piece.IsError);
            received.AppendData(piece.Bytes.Span);
            count += piece.Bytes.Length;
        }

        await writing;
        Assert.Equal(size, count);
        Assert.Equal(sent.GetHashAndReset(), received.GetHashAndReset());
        Assert.Equal(0, (await process.WaitAsync(default)).ExitCode);
        _ = await process.DeleteAsync(default);

        async Task WriteAsync()
        {
            byte[] piece = new byte[1 << 20];
            for (int i = 0; i < size >> 20; i++)
            {
                RandomNumberGenerator.Fill(piece);
                sent.AppendData(piece);
                Assert.True(await process.WriteAsync(piece, default));
            }

            await process.CloseInputAsync(default);
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Output_that_nobody_reads_holds_up_no_end(Generation generation)
    {
        await using Container container = await NewAsync(
            generation, "sh", "-c", "while :; do echo flood flood flood flood flood flood flood flood; done");
        await using ICtrProcess process = await container.Connection.Runner.CreateAsync(Task(container, input: true), default);
        await process.StartAsync(default);
        await process.KillAsync(Kill, default);
        Assert.Equal(128 + Kill, (await process.WaitAsync(default)).ExitCode);
        Assert.Equal(128 + Kill, (await process.DeleteAsync(default)).ExitCode);
        Assert.False(await process.WriteAsync(new byte[1 << 20], default));
        Assert.Null(await container.StatusAsync());
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_a_child_goes_on_writing_holds_up_no_end_and_all_of_the_process_is_read(Generation generation)
    {
        await using Container container = await RunAsync(generation, "sleep", "1000");
        const string script = "(while :; do sleep 0.2; echo late; done) & dd if=/dev/zero bs=1024 count=50 2>/dev/null | tr '\\0' x; echo; exit 3";
        (string output, _, int code) = await ExecAsync(container, Exec(container, "sh", "-c", script));
        Assert.Equal(3, code);
        Assert.StartsWith(new string('x', 50 << 10) + "\n", output.Replace("late\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_task_goes_on_while_its_daemon_is_restarted(Generation generation)
    {
        await using Container container = await NewAsync(generation, "sh", "-c", "read line; echo got $line; exit 5");
        await using ICtrProcess process = await container.Connection.Runner.CreateAsync(Task(container, input: true), default);
        await process.StartAsync(default);
        Task<CtrExit> wait = process.WaitAsync(default);
        await container.Rig.KillAsync();
        await container.Rig.StartAgainAsync();
        Assert.Equal("RUNNING", await container.StatusAsync());
        Assert.True(await process.WriteAsync("it\n"u8.ToArray(), default));
        Assert.Equal("got it\n", (await ReadAsync(process)).Output);
        Assert.Equal(5, (await wait).ExitCode);
        _ = await process.DeleteAsync(default);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Pipes_of_a_task_are_opened_again(Generation generation)
    {
        await using Container container = await NewAsync(generation, "sh", "-c", "while read line; do echo got $line; done; exit 4");
        await using (ICtrProcess first = await container.Connection.Runner.CreateAsync(Task(container, input: true), default))
        {
            await first.StartAsync(default);
            await using ICtrProcess second = await container.Connection.Runner.AttachAsync(Namespace, container.Id, default);
            Assert.Equal(first.ProcessId, second.ProcessId);
            Assert.True(await second.WriteAsync("one\n"u8.ToArray(), default));
            await second.CloseInputAsync(default);
            Assert.Equal("got one\n", (await ReadAsync(second)).Output);
            _ = await second.WaitAsync(default);
            Assert.Equal(4, (await second.DeleteAsync(default)).ExitCode);
        }

        Assert.Empty(container.Pipes());
        CtrException none = await Assert.ThrowsAsync<CtrException>(() => container.Connection.Runner.AttachAsync(Namespace, container.Id, default));
        Assert.Equal(CtrErrorIds.TaskNotFound, none.ErrorId);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_task_that_was_never_started_can_be_stopped_and_removed(Generation generation)
    {
        await using Container container = await NewAsync(generation, "sleep", "1000");
        ITaskStopper stopper = container.Connection.Stopper;
        await using (ICtrProcess created = await container.Connection.Runner.CreateAsync(Task(container), default))
        {
            CtrException paused = await Assert.ThrowsAsync<CtrException>(
                () => container.Connection.Tasks.PauseAsync(Namespace, container.Id, default));
            Assert.Equal(CtrErrorIds.TaskState, paused.ErrorId);
            Assert.Contains("is not started", paused.Message, StringComparison.Ordinal);
            CtrStopResult stopped = await stopper.StopAsync(new CtrStopRequest { Namespace = Namespace, Id = container.Id }, default);
            Assert.Equal((CtrTaskState.Stopped, CtrSignal.Kill, 137), (stopped.Task.State, stopped.Signal, stopped.Task.ExitCode));
            Assert.Equal("STOPPED", await container.StatusAsync());
            CtrException ended = await Assert.ThrowsAsync<CtrException>(
                () => container.Connection.Tasks.KillAsync(Namespace, container.Id, "", Kill, all: false, default));
            Assert.Equal(CtrErrorIds.TaskState, ended.ErrorId);
            Assert.Contains("has ended", ended.Message, StringComparison.Ordinal);
            Assert.Equal(137, (await stopper.RemoveAsync(Namespace, container.Id, kill: false, default))!.ExitCode);
        }

        await using (ICtrProcess created = await container.Connection.Runner.CreateAsync(Task(container), default))
        {
            Assert.NotNull(await stopper.RemoveAsync(Namespace, container.Id, kill: false, default));
        }

        Assert.Null(await container.StatusAsync());
        Assert.Null(await stopper.RemoveAsync(Namespace, container.Id, kill: true, default));
        Assert.Empty(container.Pipes());
    }

    private static CtrTaskRequest Task(Container container, bool input = false) => new()
    {
        Namespace = Namespace,
        Id = container.Id,
        Io = Pipes(input),
        PipeFolder = container.PipeFolder,
    };

    private static CtrExecRequest Exec(Container container, params string[] command) => new()
    {
        Namespace = Namespace,
        Id = container.Id,
        Command = command,
        Io = Pipes(),
        PipeFolder = container.PipeFolder,
    };

    private static CtrProcessIo Pipes(bool input = false) => new() { Kind = CtrIo.Pipes, Input = input };

    private static async Task<(string Output, string Error, int ExitCode)> ExecAsync(Container container, CtrExecRequest request)
    {
        await using ICtrProcess process = await container.Connection.Runner.ExecAsync(request, default);
        await process.StartAsync(default);
        (string output, string error) = await ReadAsync(process);
        _ = await process.WaitAsync(default); // the end of its output comes a moment before its own
        return (output, error, (await process.DeleteAsync(default)).ExitCode);
    }

    private static async Task<(string Output, string Error)> ReadAsync(ICtrProcess process)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        await foreach (CtrOutput piece in process.ReadAsync(default))
        {
            (piece.IsError ? error : output).Write(piece.Bytes.Span);
        }

        return (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    /// <summary>A container that ctr made, without a task.</summary>
    private async Task<Container> NewAsync(Generation generation, params string[] command)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        _ = await RigImages.LoadAsync(rig, "busybox", Namespace);
        string id = $"runner-{Guid.NewGuid():N}"[..16];
        _ = (await rig.CtrAsync(["-n", Namespace, "containers", "create", "--", Busybox, id, .. command], default)).Check();
        return new Container(rig, await daemons.ConnectAsync(generation), id);
    }

    /// <summary>A container whose task ctr started.</summary>
    private async Task<Container> RunAsync(Generation generation, params string[] command)
    {
        Container container = await NewAsync(generation, command);
        _ = (await container.Rig.CtrAsync("-n", Namespace, "tasks", "start", "--detach", "--null-io", container.Id)).Check();
        return container;
    }

    private sealed class Container(ContainerdRig rig, ICtrConnection connection, string id) : IAsyncDisposable
    {
        public ContainerdRig Rig => rig;

        public ICtrConnection Connection => connection;

        public string Id => id;

        /// <summary>The state of the task as ctr says it. Null where there is none.</summary>
        public async Task<string?> StatusAsync() => (await rig.CtrAsync("-n", Namespace, "tasks", "ls")).Check().Output
            .Split('\n')
                .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .FirstOrDefault(words => words.FirstOrDefault() == id)?[2];

        public async Task<int> ProcessCountAsync() =>
            (await rig.CtrAsync("-n", Namespace, "tasks", "ps", id)).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1;

        /// <summary>A folder for pipes of this container only, so that what is left can be told.</summary>
        public string PipeFolder { get; } = Path.Combine(rig.Folder, "pipes", id);

        public IEnumerable<string> Pipes() => Directory.Exists(PipeFolder) ? Directory.EnumerateFileSystemEntries(PipeFolder) : [];

        public async Task UntilAsync(params string[] command)
        {
            while (true)
            {
                await using ICtrProcess process = await connection.Runner.ExecAsync(Exec(this, command), default);
                await process.StartAsync(default);
                if ((await process.WaitAsync(default)).ExitCode == 0)
                {
                    _ = await process.DeleteAsync(default);
                    return;
                }

                _ = await process.DeleteAsync(default);
            }
        }

        public async ValueTask DisposeAsync()
        {
            _ = await rig.CtrAsync("-n", Namespace, "tasks", "rm", "--force", id);
            _ = (await rig.CtrAsync("-n", Namespace, "containers", "rm", id)).Check();
            await connection.DisposeAsync();
        }
    }
}
