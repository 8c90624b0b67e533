using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Wait-CtrEvent: the next event that matches, or an error when none comes in time.</summary>
[Cmdlet(VerbsLifecycle.Wait, "CtrEvent")]
[OutputType(typeof(CtrEvent))]
public sealed class WaitCtrEventCommand : CtrEventCmdlet
{
    /// <summary>Seconds to wait.</summary>
    [Parameter(HelpMessage = "Seconds to wait. 0: without end.")]
    [ValidateRange(0, MaxSeconds)]
    public int Timeout { get; set; }

    /// <summary>Run once the subscription is live: the event of what it does is not missed.</summary>
    [Parameter(HelpMessage = "A script block to run once no event is missed any more. Its output is dropped.")]
    [ValidateNotNull]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <inheritdoc/>
    private protected override void OnEnd() => WithSubscription((subscription, session) =>
    {
        Run(ScriptBlock);
        foreach (CtrEvent told in EventsOf(subscription, session, Timeout))
        {
            if (told.Kind == CtrEventKind.Event)
            {
                WriteObject(told);
                return;
            }

            WriteWarning($"The event may have been missed: from {told.From:O} to {told.To:O} nothing was seen. {told.Reason}");
        }

        WriteError(ErrorFactory.From(
            new CtrException(CtrErrorIds.EventTimeout, CtrStatus.DeadlineExceeded, $"No {Words} came within {Timeout} seconds.")
            {
                RecommendedAction = "Give more -Timeout, and what causes the event as -ScriptBlock: what happened before the call is not seen.",
            },
            string.Join(", ", Topic)));
    });
}
