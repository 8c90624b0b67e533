using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrProcess: the processes of containers.</summary>
[Cmdlet(VerbsCommon.Get, "CtrProcess")]
[OutputType(typeof(CtrProcess))]
public sealed class GetCtrProcessCommand : CtrTaskListCmdlet
{
    private const int Width = 16;

    /// <inheritdoc/>
    private protected override void Write(FoundTasks found) => ForEachAtOnce(
        found.Tasks.Where(task => task.State != CtrTaskState.Stopped),
        Width,
        (task, token) => ListAsync(found, task, token),
        task => task,
        (_, processes) =>
        {
            foreach (CtrProcess process in processes)
            {
                process.Session = found.Session;
                WriteObject(process);
            }
        });

    /// <summary>The processes of a task. One that goes meanwhile has none, unless it was asked for by name.</summary>
    private static async Task<IReadOnlyList<CtrProcess>> ListAsync(FoundTasks found, CtrTask task, CancellationToken cancellationToken)
    {
        try
        {
            return await found.Connection.Tasks.ListProcessesAsync(task.Namespace, task.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (found.Id is null && e.ErrorId == CtrErrorIds.TaskNotFound)
        {
            return [];
        }
    }
}
