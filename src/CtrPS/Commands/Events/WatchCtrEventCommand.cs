using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Watch-CtrEvent: events as they happen.</summary>
[Cmdlet("Watch", "CtrEvent")]
[OutputType(typeof(CtrEvent))]
public sealed class WatchCtrEventCommand : CtrEventCmdlet
{
    /// <summary>End after so many events.</summary>
    [Parameter(HelpMessage = "End after so many events. A gap is not counted.")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxCount { get; set; } = int.MaxValue;

    /// <summary>End after so many seconds.</summary>
    [Parameter(HelpMessage = "End after so many seconds. 0: without end.")]
    [ValidateRange(0, MaxSeconds)]
    public int Timeout { get; set; }

    /// <summary>Run once the subscription is live: no event of what it does is missed.</summary>
    [Parameter(HelpMessage = "A script block to run once no event is missed any more. Its output is dropped.")]
    [ValidateNotNull]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <inheritdoc/>
    private protected override void OnEnd() => WithSubscription((subscription, session) =>
    {
        Run(ScriptBlock);
        int count = 0;
        foreach (CtrEvent told in EventsOf(subscription, session, Timeout))
        {
            WriteObject(told);
            if (told.Kind == CtrEventKind.Event && ++count == MaxCount)
            {
                break;
            }
        }
    });
}
