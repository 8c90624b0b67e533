using Containerd.Runc.V1;
using Containerd.Services.Containers.V1;
using Containerd.Services.Tasks.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Containers;
using CtrPS.Client.Logs;
using CtrPS.Client.Network;
using CtrPS.Client.Posix;
using CtrPS.Client.Server;
using CtrPS.Client.Snapshots;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace CtrPS.Client.Tasks;

/// <inheritdoc/>
/// <remarks>The order of calls is that of containerd's own client (client/container.go, task.go).</remarks>
internal sealed class TaskRunner(
    GrpcChannel channel,
    Calls calls,
    ContainerStore containers,
    TaskStore tasks,
    TaskStopper stopper,
    SnapshotStore snapshots,
    ContainerNetworks networks,
    DaemonMachine machine,
    PipeLeftovers leftovers) : ITaskRunner
{
    private const string ProcessType = "types.containerd.io/opencontainers/runtime-spec/1/Process";

    /// <summary>How long what a failed try left is cleared away, while our own caller may be gone already.</summary>
    private static readonly TimeSpan RollbackPatience = TimeSpan.FromSeconds(10);

    private readonly Containerd.Services.Tasks.V1.Tasks.TasksClient _client = new(channel);

    public TaskStore Tasks => tasks;

    public async Task<ICtrProcess> CreateAsync(CtrTaskRequest request, CancellationToken cancellationToken)
    {
        Container container = await containers.GetRecordAsync(request.Namespace, request.Id, cancellationToken).ConfigureAwait(false);
        bool terminal = ReadSpec(container).Process.Terminal;
        var create = new CreateTaskRequest { ContainerId = request.Id, Terminal = terminal };
        if (container.SnapshotKey.Length > 0)
        {
            create.Rootfs.Add(await snapshots.GetMountsAsync(
                request.Namespace, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false));
        }

        if (request.NoPivot)
        {
            create.Options = WithoutPivot(container);
        }

        if (request.Checkpoint is { } checkpoint)
        {
            create.Checkpoint = new ContentDescriptor { Digest = checkpoint.Digest, MediaType = checkpoint.MediaType, Size = checkpoint.Size };
        }

        ProcessPipes? pipes = await OpenIoAsync(
            request.Io with { Terminal = terminal },
            request.PipeFolder,
            PipeMark.Of(calls.Endpoint.Address, request.Namespace, request.Id, execId: ""),
            cancellationToken).ConfigureAwait(false);
        (create.Stdin, create.Stdout, create.Stderr) = await PathsAsync(
            request.Io with { Terminal = terminal }, pipes, cancellationToken).ConfigureAwait(false);
        var process = new TaskProcess(this, request.Namespace, request.Id, "", pipes);
        try
        {
            CreateTaskResponse created = await InvokeAsync(
                () => _client.CreateAsync(create, Calls.Unbounded(request.Namespace, cancellationToken)),
                process,
                container,
                cancellationToken).ConfigureAwait(false);
            process.ProcessId = created.Pid;
            process.Watch();
            await RememberLogAsync(container, request, cancellationToken).ConfigureAwait(false);
            if (request.Network)
            {
                process.Held = HeldNetwork.TryOpen(process.ProcessId);
                process.Network = await networks.AddAsync(
                    request.Namespace, request.Id, process.ProcessId, request.Cni, cancellationToken).ConfigureAwait(false);
            }

            return process;
        }
        catch (Exception e)
        {
            // A daemon that refuses has made nothing: what is there then is another client's, who was faster.
            bool unanswered = e is OperationCanceledException or CtrException { IsConnectionFault: true };
            if (process.ProcessId != 0 || (unanswered && await IsThereAsync(create, request.Namespace).ConfigureAwait(false)))
            {
                await RollBackAsync(process).ConfigureAwait(false);
            }

            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<ICtrProcess> ExecAsync(CtrExecRequest request, CancellationToken cancellationToken)
    {
        Container container = await containers.GetRecordAsync(request.Namespace, request.Id, cancellationToken).ConfigureAwait(false);
        CtrTask task = await tasks.FindKnownAsync(request.Namespace, request.Id, cancellationToken).ConfigureAwait(false)
            ?? throw NoTask(request.Namespace, request.Id);
        if (task.State is not (CtrTaskState.Running or CtrTaskState.Created))
        {
            throw TaskFaults.WrongState(task.State, CallSubject.Task(request.Id, request.Namespace).Words, request.Id);
        }

        string execId = request.ExecId ?? $"exec-{Guid.NewGuid():N}";
        string spec = await ExecSpec.MakeAsync(ReadSpec(container), request, task.ProcessId, machine, cancellationToken).ConfigureAwait(false);
        ProcessPipes? pipes = await OpenIoAsync(
            request.Io,
            request.PipeFolder,
            PipeMark.Of(calls.Endpoint.Address, request.Namespace, request.Id, execId),
            cancellationToken).ConfigureAwait(false);
        (string input, string output, string error) = await PathsAsync(request.Io, pipes, cancellationToken).ConfigureAwait(false);
        var exec = new ExecProcessRequest
        {
            ContainerId = request.Id,
            ExecId = execId,
            Stdin = input,
            Stdout = output,
            Stderr = error,
            Terminal = request.Io.Terminal,
            Spec = new Any { TypeUrl = ProcessType, Value = ByteString.CopyFromUtf8(spec) },
        };
        var process = new TaskProcess(this, request.Namespace, request.Id, execId, pipes);
        try
        {
            _ = await InvokeAsync(
                () => _client.ExecAsync(exec, calls.Unary(request.Namespace, cancellationToken)),
                process,
                container,
                cancellationToken).ConfigureAwait(false);
            process.Watch();
            return process;
        }
        catch (Exception e)
        {
            if (e is not CtrException { ErrorId: CtrErrorIds.AlreadyExists })
            {
                await RollBackAsync(process).ConfigureAwait(false);
            }

            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<ICtrProcess> AttachAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        await machine.RequireLocalAsync("The pipes of a process", cancellationToken).ConfigureAwait(false);
        CtrTask task = await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false) ?? throw NoTask(@namespace, id);
        string words = CallSubject.Task(id, @namespace).Words;
        if (task.State == CtrTaskState.Stopped)
        {
            throw TaskFaults.WrongState(task.State, words, id);
        }

        if (!task.StandardOutput.StartsWith('/') || !Fifo.IsFifo(task.StandardOutput))
        {
            string where = task.StandardOutput.Length == 0 ? "nowhere" : $"to '{task.StandardOutput}'";
            throw new CtrException(
                CtrErrorIds.FailedPrecondition, CtrStatus.FailedPrecondition, $"The {words} has no pipes to connect to: its output goes {where}.")
            {
                Target = id,
                RecommendedAction = task.StandardOutput.Length == 0
                    ? "Start it with -LogPath to keep its output, or run a command in it with Invoke-CtrCommand."
                    : "Read its log with Get-CtrLog.",
            };
        }

        ProcessPipes pipes = await ProcessPipes.OpenAsync(
            task.StandardInput, task.StandardOutput, task.StandardError, words, id).ConfigureAwait(false);
        var process = new TaskProcess(this, @namespace, id, "", pipes) { ProcessId = task.ProcessId };
        process.Watch();
        return process;
    }

    /// <summary>Lets a process run. What cannot be started is removed again.</summary>
    public async Task StartAsync(TaskProcess process, CancellationToken cancellationToken)
    {
        try
        {
            var request = new StartRequest { ContainerId = process.ContainerId, ExecId = process.ExecId };
            StartResponse response = await InvokeAsync(
                () => _client.StartAsync(request, Calls.Unbounded(process.Namespace, cancellationToken)),
                process,
                container: null,
                cancellationToken).ConfigureAwait(false);
            process.ProcessId = response.Pid;
        }
        catch
        {
            await RollBackAsync(process).ConfigureAwait(false);
            throw;
        }
    }

    public Task CloseInputAsync(TaskProcess process, CancellationToken cancellationToken)
    {
        var request = new CloseIORequest { ContainerId = process.ContainerId, ExecId = process.ExecId, Stdin = true };
        return UnlessGoneAsync(() => _client.CloseIOAsync(request, calls.Unary(process.Namespace, cancellationToken)), process, cancellationToken);
    }

    public Task ResizeAsync(TaskProcess process, int columns, int rows, CancellationToken cancellationToken)
    {
        var request = new ResizePtyRequest { ContainerId = process.ContainerId, ExecId = process.ExecId, Width = (uint)columns, Height = (uint)rows };
        return UnlessGoneAsync(() => _client.ResizePtyAsync(request, calls.Unary(process.Namespace, cancellationToken)), process, cancellationToken);
    }

    public Task<CtrExit> DeleteAsync(TaskProcess process, CancellationToken cancellationToken) => process.ExecId.Length == 0
        ? stopper.DeleteAsync(process.Namespace, process.ContainerId, process.Held, cancellationToken)
        : tasks.DeleteProcessAsync(process.Namespace, process.ContainerId, process.ExecId, cancellationToken);

    /// <summary>Keeps the log's URI on the container, since the task takes its own along when it is removed; one of an earlier task goes.</summary>
    private async Task RememberLogAsync(Container container, CtrTaskRequest request, CancellationToken cancellationToken)
    {
        string? log = request.Io.Kind == CtrIo.Log ? request.Io.LogUri : null;
        if (container.Labels.GetValueOrDefault(LogStore.UriLabel) != log)
        {
            var labels = new Dictionary<string, string?> { [LogStore.UriLabel] = log };
            var changed = new Container { Id = container.Id };
            changed.Labels.Add(LabelUpdate.Values(labels, replaceAll: false));
            _ = await containers.UpdateRecordAsync(
                request.Namespace, changed, LabelUpdate.Mask(labels, replaceAll: false), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A call about a process that may have ended meanwhile, which is no error.</summary>
    private async Task UnlessGoneAsync(Func<AsyncUnaryCall<Empty>> start, TaskProcess process, CancellationToken cancellationToken)
    {
        try
        {
            _ = await tasks.InvokeAsync(start, process.Namespace, process.ContainerId, process.ExecId, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.TaskNotFound or CtrErrorIds.ProcessNotFound or CtrErrorIds.TaskState)
        {
            // A process that has ended needs neither the end of its input nor a size.
        }
    }

    private async Task<T> InvokeAsync<T>(
        Func<AsyncUnaryCall<T>> start, TaskProcess process, Container? container, CancellationToken cancellationToken)
    {
        try
        {
            return await tasks.InvokeAsync(start, process.Namespace, process.ContainerId, process.ExecId, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ServerError)
        {
            throw RuntimeFaults.Explain(e, process.ContainerId, process.Namespace, container?.Runtime?.Name);
        }
    }

    /// <summary>Makes the pipes of a process, and clears what killed processes of ours left beside them.</summary>
    private async Task<ProcessPipes?> OpenIoAsync(CtrProcessIo io, string? folder, PipeMark mark, CancellationToken cancellationToken)
    {
        if (io.Kind != CtrIo.Pipes)
        {
            return null;
        }

        await machine.RequireLocalAsync("The pipes of a process", cancellationToken).ConfigureAwait(false);
        string parent = folder ?? ProcessPipes.DefaultParent;
        await leftovers.ClearSomeAsync(parent, cancellationToken).ConfigureAwait(false);
        string name = mark.ExecId.Length == 0 ? mark.Container : mark.ExecId;
        return await ProcessPipes.MakeAsync(parent, name, io, mark).ConfigureAwait(false);
    }

    /// <summary>What the daemon is told of the standard streams. A log takes both outputs; with a terminal there is one only.</summary>
    private async Task<(string Input, string Output, string Error)> PathsAsync(
        CtrProcessIo io, ProcessPipes? pipes, CancellationToken cancellationToken)
    {
        if (io is { Kind: CtrIo.Log, Terminal: false }
            && await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false)
            && ShimLog.TryOpen(io.LogUri) is var (output, error))
        {
            return ("", output, error);
        }

        return io.Kind switch
        {
            CtrIo.Pipes => (pipes!.InputPath, pipes.OutputPath, pipes.ErrorPath),
            CtrIo.Log => ("", io.LogUri, io.Terminal ? "" : io.LogUri),
            _ => ("", "", ""),
        };
    }

    /// <summary>Whether there is a task with the streams that a call asked for which nobody answered: that call's.</summary>
    private async Task<bool> IsThereAsync(CreateTaskRequest asked, string @namespace)
    {
        using var limit = new CancellationTokenSource(RollbackPatience);
        try
        {
            CtrTask? task = await tasks.FindAsync(@namespace, asked.ContainerId, limit.Token).ConfigureAwait(false);
            return task?.StandardInput == asked.Stdin && task.StandardOutput == asked.Stdout && task.StandardError == asked.Stderr;
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // Nobody answers: nothing could be cleared either.
            return false;
        }
    }

    /// <summary>
    /// Clears away what a failed try left: the daemon may have made the task although our call was cancelled or its start failed. Where there is
    /// nothing, or nobody answers, that is all right: the error that brought us here is the one to tell.
    /// </summary>
    private async Task RollBackAsync(TaskProcess process)
    {
        using var limit = new CancellationTokenSource(RollbackPatience);
        try
        {
            try
            {
                await tasks.KillAsync(
                    process.Namespace,
                    process.ContainerId,
                    process.ExecId,
                    CtrSignal.Kill.Number,
                    all: process.ExecId.Length == 0,
                    limit.Token).ConfigureAwait(false);
                _ = await tasks.WaitAsync(process.Namespace, process.ContainerId, process.ExecId, limit.Token).ConfigureAwait(false);
            }
            catch (CtrException e)
                when (e.ErrorId is CtrErrorIds.TaskState or CtrErrorIds.ProcessNotFound or CtrErrorIds.TaskNotFound or CtrErrorIds.ServerError)
            {
                // Not started, or ended already.
            }

            _ = await DeleteAsync(process, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // The error that brought us here is the one to tell.
        }
    }

    /// <summary>
    /// The container's runtime options with pivot_root off. The task's options replace the container's as a whole: all of them must be sent again.
    /// </summary>
    private static Any WithoutPivot(Container container)
    {
        if (container.Runtime?.Options is { TypeUrl: not (ContainerNames.RuncOptions or "") } other)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The runtime '{container.Runtime.Name}' of container '{container.Id}' has options of its own ('{other.TypeUrl}') and knows no way "
                    + "without pivot_root.")
            {
                Target = container.Id,
            };
        }

        Options options = container.Runtime?.Options is { } own ? Options.Parser.ParseFrom(own.Value) : new Options();
        options.NoPivotRoot = true;
        return new Any { TypeUrl = ContainerNames.RuncOptions, Value = options.ToByteString() };
    }

    private static CtrSpec ReadSpec(Container container) => CtrSpec.Parse(container.Spec?.Value.ToStringUtf8() ?? "");

    private static CtrException NoTask(string @namespace, string id) =>
        new(CtrErrorIds.TaskNotFound, CtrStatus.NotFound, $"The container '{id}' in namespace '{@namespace}' has no task: it does not run.")
        {
            Target = id,
            RecommendedAction = "Start it with Start-CtrTask.",
        };
}
