namespace CtrPS.Client.Tasks;

/// <summary>
/// Tells what the shim and runc mean. Most of their errors arrive as UNKNOWN with text, as the ttrpc between daemon and shim carries no more (runtime/v2,
/// pkg/process/*_state.go): this is the one place that reads it.
/// </summary>
internal static class TaskFaults
{
    /// <summary>The error of a call about a task or a process in our words; others stay as they are.</summary>
    /// <param name="error">What <see cref="Transport.StatusMap"/> made of it.</param>
    /// <param name="what">The task or process in words.</param>
    /// <param name="target">The container's id.</param>
    public static CtrException Explain(CtrException error, string what, string target)
    {
        string text = error.Message;
        if (Has("process already finished") || Has("no running task found") || Has("cannot exec in a stopped state") || Has("a stopped process") || Has("a stopped container"))
        {
            return Make(CtrErrorIds.TaskState, CtrStatus.FailedPrecondition, $"The {what} has ended.", "Look with Get-CtrTask; remove it with Remove-CtrTask and start the container anew with Start-CtrTask.");
        }

        if (Has("cannot exec in a paused state") || Has("a paused process") || Has("a paused container"))
        {
            return Make(CtrErrorIds.TaskState, CtrStatus.FailedPrecondition, $"The {what} is paused.", "Let it go on with Resume-CtrTask first.");
        }

        if (Has("cannot delete a running process") || Has("cannot resume a running process") || Has("cannot start a running process") || Has("must be stopped before deletion"))
        {
            return Make(CtrErrorIds.TaskState, CtrStatus.FailedPrecondition, $"The {what} runs.", "Stop it first with Stop-CtrTask.");
        }

        if (Has("in created state") || Has("a created process") || Has("process not created"))
        {
            return Make(CtrErrorIds.TaskState, CtrStatus.FailedPrecondition, $"The {what} is not started.", "Start it with Start-CtrTask.");
        }

        return error;

        bool Has(string part) => text.Contains(part, StringComparison.Ordinal);

        CtrException Make(string id, CtrStatus status, string message, string advice) => new(id, status, message, error) { Target = target, RecommendedAction = advice };
    }
}
