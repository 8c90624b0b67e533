using System.Globalization;

namespace CtrPS.Commands;

/// <summary>What comes before the start of a container's task, and right after it.</summary>
internal static class TaskStart
{
    /// <summary>
    /// Makes the task, and writes its process id into a file where one is named. One that has ended is removed first, as it would stand in the way; one that
    /// has not is an error. Nothing is left where this fails.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskExists"/>, <see cref="CtrErrorIds.WriteFailed"/>, and the errors of <see cref="ITaskRunner.CreateAsync"/>.</exception>
    public static async Task<ICtrProcess> CreateAsync(ICtrConnection connection, CtrTaskRequest request, string? processIdFile, CancellationToken cancellationToken)
    {
        CtrTask? old = await connection.Tasks.FindAsync(request.Namespace, request.Id, cancellationToken).ConfigureAwait(false);
        if (old is { State: CtrTaskState.Stopped })
        {
            _ = await connection.Stopper.RemoveAsync(request.Namespace, request.Id, kill: false, cancellationToken).ConfigureAwait(false);
        }
        else if (old is not null)
        {
            (string state, string action) = old.State switch
            {
                CtrTaskState.Created => ("has a task that was made and not started", "Remove it with Remove-CtrTask first."),
                CtrTaskState.Paused or CtrTaskState.Pausing => ("runs already and is paused", "Let it go on with Resume-CtrTask."),
                CtrTaskState.Unknown => ("has a task whose state the daemon cannot tell", "Remove it with Remove-CtrTask -Force first."),
                _ => ("runs already", "Stop it with Stop-CtrTask first, or connect to it with Connect-CtrTask."),
            };
            throw new CtrException(CtrErrorIds.TaskExists, CtrStatus.AlreadyExists, $"The container '{request.Id}' in namespace '{request.Namespace}' {state}.") { Target = request.Id, RecommendedAction = action };
        }

        ICtrProcess process = await connection.Runner.CreateAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            WriteProcessId(processIdFile, process.ProcessId);
            return process;
        }
        catch (CtrException)
        {
            await ProcessLife.ClearAsync(token => connection.Stopper.RemoveAsync(request.Namespace, request.Id, kill: true, token)).ConfigureAwait(false);
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Lets a task run that nobody waits for, and gives it as it is then.</summary>
    public static async Task<CtrTask> StartAsync(ICtrConnection connection, CtrTaskRequest request, string? processIdFile, CancellationToken cancellationToken)
    {
        ICtrProcess process = await CreateAsync(connection, request, processIdFile, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            await process.StartAsync(cancellationToken).ConfigureAwait(false);
            CtrTask? now = await connection.Tasks.FindAsync(request.Namespace, request.Id, cancellationToken).ConfigureAwait(false);
            return (now ?? new CtrTask { Namespace = request.Namespace, Id = request.Id, State = CtrTaskState.None, ProcessId = process.ProcessId }) with { Network = process.Network };
        }
    }

    /// <summary>Writes the number of the first process into a file: digits, and no line end, as ctr does.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.WriteFailed"/>.</exception>
    private static void WriteProcessId(string? file, long processId)
    {
        try
        {
            if (file is not null)
            {
                File.WriteAllText(file, processId.ToString(CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(CtrErrorIds.WriteFailed, CtrStatus.None, $"The process id cannot be written to '{file}': {e.Message}", e) { Target = file };
        }
    }
}
