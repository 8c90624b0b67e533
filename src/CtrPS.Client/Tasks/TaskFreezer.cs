using CtrPS.Client.Connection;
using CtrPS.Client.Leases;

namespace CtrPS.Client.Tasks;

/// <summary>Work on what a task may change, while it stands still.</summary>
internal static class TaskFreezer
{
    /// <summary>How long letting a task go on is tried, while our own caller may be gone already.</summary>
    private static readonly TimeSpan ThawPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Does the work while the task is frozen; a task that runs goes on afterwards, whatever happened. One of us freezes it at a time: what another
    /// one lets go on would change under this work.
    /// </summary>
    /// <param name="connection">The daemon.</param>
    /// <param name="task">The task. Null, or one that does not run: the work is just done.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Cancels the calls, but not letting it go on.</param>
    public static async Task<T> FrozenAsync<T>(
        this ContainerdConnection connection, CtrTask? task, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        if (task?.State is not (CtrTaskState.Running or CtrTaskState.Pausing or CtrTaskState.Paused))
        {
            return await work().ConfigureAwait(false);
        }

        Lease turn = await connection.Leases.TakeTurnAsync(task.Namespace, $"freeze-{task.Id}", cancellationToken).ConfigureAwait(false);
        await using (turn.ConfigureAwait(false))
        {
            // It may have been another one of us who had it paused.
            task = await connection.Tasks.FindAsync(task.Namespace, task.Id, cancellationToken).ConfigureAwait(false);
            return task?.State == CtrTaskState.Running
                ? await FreezeAsync(connection.Tasks, task, work, cancellationToken).ConfigureAwait(false)
                : await work().ConfigureAwait(false);
        }
    }

    private static async Task<T> FreezeAsync<T>(TaskStore tasks, CtrTask task, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        T result;
        try
        {
            await tasks.PauseAsync(task.Namespace, task.Id, cancellationToken).ConfigureAwait(false);
            result = await work().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await ThawAsync(tasks, task, e).ConfigureAwait(false);
            throw;
        }

        await ThawAsync(tasks, task, null).ConfigureAwait(false);
        return result;
    }

    private static async Task ThawAsync(TaskStore tasks, CtrTask task, Exception? cause)
    {
        using var limit = new CancellationTokenSource(ThawPatience);
        try
        {
            // It may have ended, as asked for, or never have been frozen.
            if (await tasks.FindAsync(
                task.Namespace, task.Id, limit.Token).ConfigureAwait(false) is { State: CtrTaskState.Paused or CtrTaskState.Pausing })
            {
                await tasks.ResumeAsync(task.Namespace, task.Id, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            throw new CtrException(
                CtrErrorIds.TaskState,
                CtrStatus.FailedPrecondition,
                $"The task of container '{task.Id}' in namespace '{task.Namespace}' could not be let go on and may be frozen still: "
                    + $"{e.Message}{(cause is null ? "" : $" Before that: {cause.Message}")}",
                cause ?? e)
            {
                Target = task.Id,
                RecommendedAction = "Let it go on with Resume-CtrTask.",
            };
        }
    }
}
