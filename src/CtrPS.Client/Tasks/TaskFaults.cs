using System.Text.RegularExpressions;
using Grpc.Core;

namespace CtrPS.Client.Tasks;

/// <summary>
/// Tells what the shim means when a process is not in the state for a call, or runc refuses a change. Its errors arrive as UNKNOWN with text, as the
/// protocol between daemon and shim carries no more (cmd/containerd-shim-runc-v2/process, *_state.go): this is the one place that reads it.
/// </summary>
internal static partial class TaskFaults
{
    private static readonly (string Text, CtrTaskState State)[] States =
    [
        ("process already finished", CtrTaskState.Stopped),
        ("in a stopped state", CtrTaskState.Stopped),
        ("a stopped process", CtrTaskState.Stopped),
        ("a stopped container", CtrTaskState.Stopped),
        ("in a paused state", CtrTaskState.Paused),
        ("a paused process", CtrTaskState.Paused),
        ("a paused container", CtrTaskState.Paused),
        ("a running process", CtrTaskState.Running),
        ("in created state", CtrTaskState.Created),
        ("a created process", CtrTaskState.Created),
        ("process not created", CtrTaskState.Created),
    ];

    /// <summary>The error of a call about a task or a process in our words; one that is about something else stays as it is.</summary>
    /// <param name="error">What <see cref="Connection.StatusMap"/> made of it.</param>
    /// <param name="words">The task or process in words.</param>
    /// <param name="target">The container's id.</param>
    public static CtrException Explain(CtrException error, string words, string target)
    {
        if (error.Message.Contains("ttrpc: closed", StringComparison.Ordinal))
        {
            return new CtrException(
                CtrErrorIds.RuntimeFailed,
                CtrStatus.Unknown,
                $"The shim of the {words} has ended. The daemon kills what it left behind and forgets the task.",
                error)
            {
                Target = target,
                RecommendedAction = "Look into containerd's log and the kernel's, whether the shim was killed as memory ran out.",
            };
        }

        if (Refusal().Match((error.InnerException as RpcException)?.Status.Detail ?? "") is { Success: true } refusal)
        {
            return new CtrException(
                CtrErrorIds.RuntimeFailed, CtrStatus.Unknown, $"The runtime refuses this for the {words}: {refusal.Groups["why"].Value}.", error)
            {
                Target = target,
            };
        }

        CtrTaskState state = States.FirstOrDefault(one => error.Message.Contains(one.Text, StringComparison.Ordinal)).State;
        return state == CtrTaskState.None ? error : WrongState(state, words, target, error);
    }

    /// <summary>The error for a task or process that is in the wrong state.</summary>
    public static CtrException WrongState(CtrTaskState state, string words, string target, Exception? cause = null)
    {
        (string condition, string advice) = state switch
        {
            CtrTaskState.Stopped => ("has ended", "Remove its task with Remove-CtrTask, or start the container anew with Start-CtrTask."),
            CtrTaskState.Paused or CtrTaskState.Pausing => ("is paused", "Let it go on with Resume-CtrTask first."),
            CtrTaskState.Running => ("runs", "Stop it first with Stop-CtrTask."),
            CtrTaskState.Created => ("is not started", "Start it with Start-CtrTask."),
            _ => ("is in a state that the daemon cannot tell", "Look into the daemon's log; remove it with Remove-CtrTask -Force."),
        };
        return new CtrException(CtrErrorIds.TaskState, CtrStatus.FailedPrecondition, $"The {words} {condition}.", cause)
        {
            Target = target,
            RecommendedAction = advice,
        };
    }

    // runc's own words, behind those of the shim and before those of the daemon.
    [GeneratedRegex(
        """runc did not terminate successfully: exit status \d+: (?<why>.+?)\s*(?:: unknown)?$""",
        RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Refusal();
}
