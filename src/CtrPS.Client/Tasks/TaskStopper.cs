using System.Diagnostics;
using CtrPS.Client.Containers;
using CtrPS.Client.Network;
using CtrPS.Client.Server;
using Process = Containerd.V1.Types.Process;

namespace CtrPS.Client.Tasks;

/// <inheritdoc/>
internal sealed class TaskStopper(TaskStore tasks, ContainerStore containers, ContainerNetworks networks, DaemonMachine machine) : ITaskStopper
{
    /// <summary>How long SIGKILL may take: a process that waits for a disk that does not answer ends with the disk only.</summary>
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long the daemon may take to forget a task whose shim is gone.</summary>
    private static readonly TimeSpan ForgetTime = TimeSpan.FromSeconds(2);

    public async Task<CtrStopResult> StopAsync(CtrStopRequest request, CancellationToken cancellationToken)
    {
        (string @namespace, string id) = (request.Namespace, request.Id);
        CtrContainer container = await containers.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false)
            ?? throw ContainerFaults.NoContainer(@namespace, id);
        CtrTask task = await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false) ?? throw ContainerFaults.NoTask(@namespace, id);
        await KeepStoppedAsync(@namespace, id, container.Labels, cancellationToken).ConfigureAwait(false);
        if (task.State == CtrTaskState.Stopped)
        {
            return new CtrStopResult(task, null, WasKilled: false);
        }

        // Nothing runs yet in a task that was never started: there is nobody to ask.
        using var held = HeldNetwork.TryOpen(task.ProcessId);
        string? warning = null;
        CtrSignal signal = task.State == CtrTaskState.Created ? CtrSignal.Kill : request.Signal ?? StopSignal(container, out warning);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<CtrTask> end = WaitAsync(task, waiting.Token);
        try
        {
            await SendAsync(task, signal, all: false, cancellationToken).ConfigureAwait(false);
            if (task.State is CtrTaskState.Paused or CtrTaskState.Pausing)
            {
                // The signal waits for a paused task: it is delivered when the task goes on.
                await ThawAsync(task, cancellationToken).ConfigureAwait(false);
            }

            bool killed = !await EndsWithinAsync(end, request.Timeout, cancellationToken).ConfigureAwait(false);
            CtrTask ended = killed ? await KillAsync(task, end, cancellationToken).ConfigureAwait(false) : await end.ConfigureAwait(false);
            await DetachAsync(ended, held, cancellationToken).ConfigureAwait(false);
            return new CtrStopResult(ended, signal, killed) { Warning = warning };
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
            await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<CtrExit?> RemoveAsync(string @namespace, string id, bool kill, CancellationToken cancellationToken)
    {
        if (kill && await containers.FindRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is { } container)
        {
            await KeepStoppedAsync(@namespace, id, container.Labels, cancellationToken).ConfigureAwait(false);
        }

        if (await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is not { } task)
        {
            // Another client may have removed the task without its network, of which it knew nothing.
            if (await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
            {
                await networks.RemoveAsync(@namespace, id, 0, "", CtrCniOptions.FromEnvironment(), cancellationToken).ConfigureAwait(false);
            }

            return null;
        }

        using var held = HeldNetwork.TryOpen(task.ProcessId);
        if (kill && task.State is not CtrTaskState.Stopped and not CtrTaskState.Created)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task<CtrTask> end = WaitAsync(task, waiting.Token);
            try
            {
                _ = await KillAsync(task, end, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await waiting.CancelAsync().ConfigureAwait(false);
                await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        try
        {
            return await DeleteAsync(@namespace, id, held, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.TaskNotFound)
        {
            return null; // another client was faster
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.RuntimeFailed)
        {
            // Another client is at it: it took the shim away under us, and the daemon forgets the task in a moment.
            if (!await IsGoneAsync(@namespace, id, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }

            return null;
        }
    }

    /// <summary>Whether a task goes within the time that the daemon takes to forget one.</summary>
    private async Task<bool> IsGoneAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < ForgetTime;)
        {
            if (await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is null)
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>
    /// Removes a task that has ended or was never started, with what was made beside it: its network, and its pipes. All tasks are removed here.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="held">Its network namespace. Null: it is gone.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async Task<CtrExit> DeleteAsync(string @namespace, string id, HeldNetwork? held, CancellationToken cancellationToken)
    {
        Process? process = await tasks.FindProcessAsync(@namespace, id, "", cancellationToken).ConfigureAwait(false);
        CtrExit exit = await tasks.DeleteAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        if (process is not null)
        {
            if (await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
            {
                // Whoever made the pipes may be gone without having removed them, and containerd never does.
                ProcessPipes.Remove(process.Stdin, process.Stdout, process.Stderr);
            }

            await networks.RemoveAsync(
                @namespace, id, process.Pid, held?.Path ?? "", CtrCniOptions.FromEnvironment(), cancellationToken).ConfigureAwait(false);
        }

        return exit;
    }

    public async Task<CtrTask> WaitAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        CtrTask task = await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false) ?? throw ContainerFaults.NoTask(@namespace, id);
        CtrTask ended = await WaitAsync(task, cancellationToken).ConfigureAwait(false);
        return ended.ExitCode is not null ? ended : throw new CtrException(
            CtrErrorIds.RuntimeFailed,
            CtrStatus.Unknown,
            $"The shim of container '{id}' in namespace '{@namespace}' has ended before its task: how that ended is not known. The daemon has "
                + "removed it.")
        {
            Target = id,
            RecommendedAction =
                "Look into containerd's log and the kernel's, whether the shim was killed as memory ran out; start the container anew with "
                    + "Start-CtrTask.",
        };
    }

    private Task DetachAsync(CtrTask task, HeldNetwork? held, CancellationToken cancellationToken) =>
        networks.RemoveAsync(task.Namespace, task.Id, task.ProcessId, held?.Path ?? "", CtrCniOptions.FromEnvironment(), cancellationToken);

    /// <summary>The signal that the image names; as with docker SIGTERM where it names one that is none.</summary>
    private static CtrSignal StopSignal(CtrContainer container, out string? warning)
    {
        warning = null;
        if (!container.Labels.TryGetValue(ContainerNames.StopSignalLabel, out string? text) || text.Length == 0)
        {
            return CtrSignal.Term;
        }

        if (!CtrSignal.TryParse(text, out CtrSignal? signal))
        {
            warning = $"The container '{container.Id}' in namespace '{container.Namespace}' wants to be stopped with '{text}', "
                + "which is not a signal. It was sent SIGTERM.";
        }

        return signal ?? CtrSignal.Term;
    }

    private static async Task<bool> EndsWithinAsync(Task end, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (timeout is not { } time)
        {
            await end.WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        _ = await Task.WhenAny(end, Task.Delay(time, cancellationToken)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return end.IsCompleted;
    }

    /// <summary>Tells the restart monitor first: else it could start the container anew between its end and the mark.</summary>
    private async Task KeepStoppedAsync(
        string @namespace, string id, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        if (RestartLabels.ToStop(labels) is not { Count: > 0 } changes)
        {
            return;
        }

        try
        {
            _ = await containers.SetLabelsAsync(@namespace, id, changes, replaceAll: false, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ContainerNotFound)
        {
            // Another client has removed it: nobody starts it again.
        }
    }

    private async Task<CtrTask> KillAsync(CtrTask task, Task<CtrTask> end, CancellationToken cancellationToken)
    {
        await SendAsync(task, CtrSignal.Kill, all: true, cancellationToken).ConfigureAwait(false);
        if (task.State is CtrTaskState.Paused or CtrTaskState.Pausing)
        {
            await ThawAsync(task, cancellationToken).ConfigureAwait(false); // not every runtime lets go of frozen processes for SIGKILL
        }

        return await EndsWithinAsync(end, KillTimeout, cancellationToken).ConfigureAwait(false)
            ? await end.ConfigureAwait(false)
            : throw new CtrException(
                CtrErrorIds.TaskTimeout,
                CtrStatus.DeadlineExceeded,
                $"The task of container '{task.Id}' in namespace '{task.Namespace}' did not end within {KillTimeout.TotalSeconds:0} seconds after "
                    + "SIGKILL.")
            {
                Target = task.Id,
                RecommendedAction =
                    "A process of it may wait for a disk or a network share that does not answer: look at its state with ps on that machine.",
            };
    }

    /// <summary>
    /// Sends a signal. That it has ended meanwhile is what was wanted; so is a shim that has, as then the daemon kills what is left.
    /// </summary>
    private async Task SendAsync(CtrTask task, CtrSignal signal, bool all, CancellationToken cancellationToken)
    {
        try
        {
            await tasks.KillAsync(task.Namespace, task.Id, "", signal.Number, all, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (IsOver(e))
        {
        }
    }

    /// <summary>Lets frozen processes go on. Where that fails they go on already, or have ended: the wait for the end tells.</summary>
    private async Task ThawAsync(CtrTask task, CancellationToken cancellationToken)
    {
        try
        {
            await tasks.ResumeAsync(task.Namespace, task.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            // runc itself thaws for SIGKILL, and is then found "not paused".
        }
    }

    private static bool IsOver(CtrException error) => error.ErrorId is CtrErrorIds.TaskState or CtrErrorIds.TaskNotFound or CtrErrorIds.RuntimeFailed;

    /// <summary>Waits for the end. The exit code is null where it is not known: the shim has ended before the task.</summary>
    private async Task<CtrTask> WaitAsync(CtrTask task, CancellationToken cancellationToken)
    {
        try
        {
            CtrExit exit = await tasks.WaitAsync(task.Namespace, task.Id, "", cancellationToken).ConfigureAwait(false);
            return task.With(copy =>
            {
                copy.State = CtrTaskState.Stopped;
                copy.ExitCode = exit.ExitCode;
                copy.ExitedAt = exit.ExitedAt;
            });
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.RuntimeFailed)
        {
            // The daemon kills what a shim leaves behind, and forgets the task.
            if (await tasks.FindAsync(task.Namespace, task.Id, cancellationToken).ConfigureAwait(false) is null or { State: CtrTaskState.Stopped })
            {
                return task.With(copy => copy.State = CtrTaskState.Stopped);
            }

            throw;
        }
    }
}
