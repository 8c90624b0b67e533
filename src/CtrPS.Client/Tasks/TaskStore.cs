using Containerd.Runc.V1;
using Containerd.Services.Tasks.V1;
using Containerd.V1.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Server;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace CtrPS.Client.Tasks;

/// <inheritdoc/>
internal sealed class TaskStore(GrpcChannel channel, Calls calls, DaemonMachine machine) : ITaskStore
{
    /// <summary>How long a wait goes on without an answer after the connection broke: about as long as a daemon takes to be restarted.</summary>
    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(15);

    /// <summary>How long a shim may take to tell the state of its task.</summary>
    private static readonly TimeSpan StatePatience = TimeSpan.FromSeconds(15);

    private readonly Containerd.Services.Tasks.V1.Tasks.TasksClient _client = new(channel);

    public async Task<IReadOnlyList<CtrTask>> ListAsync(string @namespace, CancellationToken cancellationToken)
    {
        ListTasksResponse response = await calls.InvokeAsync(
            () => _client.ListAsync(new ListTasksRequest(), calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the tasks of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        return [.. response.Tasks.Select(process => ToTask(process, @namespace)).OrderBy(task => task.Id, StringComparer.Ordinal)];
    }

    public async Task<CtrTask?> FindAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        await FindProcessAsync(@namespace, id, "", cancellationToken).ConfigureAwait(false) is { } process ? ToTask(process, @namespace) : null;

    /// <summary>
    /// A task, with its state. The daemon gives a shim two seconds to tell it (timeouts.task.state) and says then that it cannot tell: on a busy
    /// machine a moment later it can.
    /// </summary>
    public async Task<CtrTask?> FindKnownAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        for (DateTime end = DateTime.UtcNow + StatePatience; ;)
        {
            CtrTask? task = await FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
            if (task is not { State: CtrTaskState.Unknown } || DateTime.UtcNow > end)
            {
                return task;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), cancellationToken).ConfigureAwait(false);
        }
    }

    public Task KillAsync(string @namespace, string id, string execId, int signal, bool all, CancellationToken cancellationToken)
    {
        var request = new KillRequest { ContainerId = id, ExecId = execId, Signal = (uint)signal, All = all };
        return InvokeAsync(() => _client.KillAsync(request, calls.Unary(@namespace, cancellationToken)), @namespace, id, execId, cancellationToken);
    }

    public async Task<CtrExit> WaitAsync(string @namespace, string id, string execId, CancellationToken cancellationToken)
    {
        // A task goes on while its daemon is restarted, and so does the wait for it. A daemon that goes lets go of the shims first, which looks as if
        // they had ended.
        CtrException? lost = null;
        for (DateTime? patience = null; ;)
        {
            DateTime asked = DateTime.UtcNow;
            try
            {
                WaitResponse response = await InvokeAsync(
                    () => _client.WaitAsync(new WaitRequest { ContainerId = id, ExecId = execId }, Calls.Unbounded(@namespace, cancellationToken)),
                    @namespace,
                    id,
                    execId,
                    cancellationToken).ConfigureAwait(false);
                return new CtrExit((int)response.ExitStatus, WireTime.ToTime(response.ExitedAt));
            }
            catch (CtrException e)
                when (e.ErrorId is CtrErrorIds.Unavailable or CtrErrorIds.RuntimeFailed || (patience is not null && e.IsConnectionFault))
            {
                // A call that ran for long before it failed had found the daemon: this is another restart, with a time of its own.
                DateTime now = DateTime.UtcNow;
                patience = patience is null || now - asked > RestartPatience ? now + RestartPatience : patience;
                if (now > patience)
                {
                    throw;
                }

                lost = e.ErrorId == CtrErrorIds.RuntimeFailed ? e : lost;
                await Task.Delay(TimeSpan.FromMilliseconds(250), cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (lost is not null && (e.ErrorId is CtrErrorIds.TaskNotFound or CtrErrorIds.ProcessNotFound))
            {
                throw lost; // the shim had ended, and the daemon has forgotten the task meanwhile
            }
        }
    }

    /// <summary>
    /// Removes a task that has ended or was never started. What was made beside it stays: see <see cref="TaskStopper.DeleteAsync"/>.
    /// </summary>
    public async Task<CtrExit> DeleteAsync(string @namespace, string id, CancellationToken cancellationToken) => ToExit(await InvokeAsync(
        () => _client.DeleteAsync(new DeleteTaskRequest { ContainerId = id }, Calls.Unbounded(@namespace, cancellationToken)),
        @namespace,
        id,
        "",
        cancellationToken).ConfigureAwait(false));

    public async Task<CtrExit> DeleteProcessAsync(string @namespace, string id, string execId, CancellationToken cancellationToken) =>
        ToExit(await InvokeAsync(
            () => _client.DeleteProcessAsync(
                new DeleteProcessRequest { ContainerId = id, ExecId = execId }, calls.Unary(@namespace, cancellationToken)),
            @namespace,
            id,
            execId,
            cancellationToken).ConfigureAwait(false));

    public Task PauseAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        InvokeAsync(
            () => _client.PauseAsync(new PauseTaskRequest { ContainerId = id }, calls.Unary(@namespace, cancellationToken)),
            @namespace,
            id,
            "",
            cancellationToken);

    public Task ResumeAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        InvokeAsync(
            () => _client.ResumeAsync(new ResumeTaskRequest { ContainerId = id }, calls.Unary(@namespace, cancellationToken)),
            @namespace,
            id,
            "",
            cancellationToken);

    public async Task<IReadOnlyList<CtrProcess>> ListProcessesAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        ListPidsResponse response = await InvokeAsync(
            () => _client.ListPidsAsync(new ListPidsRequest { ContainerId = id }, calls.Unary(@namespace, cancellationToken)),
            @namespace,
            id,
            "",
            cancellationToken).ConfigureAwait(false);
        if (response.Processes.Count == 0)
        {
            return [];
        }

        uint first = (await FindProcessAsync(@namespace, id, "", cancellationToken).ConfigureAwait(false))?.Pid ?? 0;
        bool isHere = await machine.HasProcessesHereAsync(cancellationToken).ConfigureAwait(false);
        return [.. response.Processes.OrderBy(process => process.Pid).Select(process => ToProcess(process, first, isHere, id, @namespace))];
    }

    public async Task<IReadOnlyList<CtrMetric>> ReadMetricsAsync(string @namespace, string? id, CancellationToken cancellationToken)
    {
        var request = new MetricsRequest();
        if (id is not null)
        {
            request.Filters.Add($"id==\"{id}\"");
        }

        MetricsResponse response = await calls.InvokeAsync(
            () => _client.MetricsAsync(request, calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the tasks of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        return [
            .. response.Metrics.Select(metric => MetricRecords.ToMetric(metric, @namespace))
                .OfType<CtrMetric>()
                .OrderBy(metric => metric.Id, StringComparer.Ordinal),
        ];
    }

    public Task UpdateAsync(string @namespace, string id, ReadOnlyMemory<byte> resources, CancellationToken cancellationToken)
    {
        // containerd's type URLs have no "type.googleapis.com/" before the name.
        var value = new Any
        {
            TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources",
            Value = UnsafeByteOperations.UnsafeWrap(resources),
        };
        return InvokeAsync(
            () => _client.UpdateAsync(new UpdateTaskRequest { ContainerId = id, Resources = value }, calls.Unary(@namespace, cancellationToken)),
            @namespace,
            id,
            "",
            cancellationToken);
    }

    /// <summary>A process of a task. Null where the container has no task, or the task no such process.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="execId">A process that was added; empty: the first one.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<Process?> FindProcessAsync(string @namespace, string id, string execId, CancellationToken cancellationToken) =>
        (await calls.FindAsync(
            () => _client.GetAsync(new GetRequest { ContainerId = id, ExecId = execId }, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Task(id, @namespace),
            cancellationToken).ConfigureAwait(false))?.Process;

    /// <summary>Makes a call about a task or a process of one and puts its error in our words.</summary>
    public async Task<T> InvokeAsync<T>(
        Func<AsyncUnaryCall<T>> start, string @namespace, string id, string execId, CancellationToken cancellationToken)
    {
        CallSubject subject = execId.Length == 0 ? CallSubject.Task(id, @namespace) : CallSubject.Process(execId, id, @namespace);
        try
        {
            return await calls.InvokeAsync(start, subject, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e)
        {
            CtrException explained = TaskFaults.Explain(e, subject.Words, id);
            throw ReferenceEquals(explained, e) ? e : explained;
        }
    }

    public static CtrTaskState ToState(Containerd.V1.Types.Status status) => status switch
    {
        Containerd.V1.Types.Status.Created => CtrTaskState.Created,
        Containerd.V1.Types.Status.Running => CtrTaskState.Running,
        Containerd.V1.Types.Status.Stopped => CtrTaskState.Stopped,
        Containerd.V1.Types.Status.Paused => CtrTaskState.Paused,
        Containerd.V1.Types.Status.Pausing => CtrTaskState.Pausing,
        _ => CtrTaskState.Unknown,
    };

    private static CtrExit ToExit(DeleteResponse response) => new((int)response.ExitStatus, WireTime.ToTime(response.ExitedAt));

    private static CtrProcess ToProcess(ProcessInfo info, uint first, bool isHere, string id, string @namespace)
    {
        var process = new CtrProcess
        {
            Namespace = @namespace,
            Id = id,
            ProcessId = info.Pid,
            ExecId = info.Info is { } details && details.TypeUrl.EndsWith(ProcessDetails.Descriptor.FullName, StringComparison.Ordinal)
                ? ProcessDetails.Parser.ParseFrom(details.Value).ExecId
                : "",
            IsFirst = info.Pid == first,
        };
        return isHere ? LocalProcesses.Describe(process) : process;
    }

    private static CtrTask ToTask(Process process, string @namespace)
    {
        CtrTaskState state = ToState(process.Status);
        bool hasEnded = state == CtrTaskState.Stopped;
        return new CtrTask
        {
            Namespace = @namespace,
            Id = process.Id, // container_id is empty in the answers of the daemon
            State = state,
            ProcessId = process.Pid,
            ExitCode = hasEnded ? (int)process.ExitStatus : null,
            ExitedAt = hasEnded ? WireTime.ToTime(process.ExitedAt) : null,
            Terminal = process.Terminal,
            StandardInput = process.Stdin,
            StandardOutput = process.Stdout,
            StandardError = process.Stderr,
        };
    }
}
